"""The format of the lake: a mark that every listing of the whole lake shows, and names of later formats.

    data/candles/_format_1

The mark holds who wrote it first. Objects of a later format N have names that begin with `vN_`. Both are refused here,
never passed over: an older program must not take a part of the candles for all of them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cqs_core.errors import BucketError
from cqs_core.files.formats import NewerFormat, format_fields, require_format
from cqs_core.lake.object_names import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core.bucket import Bucket

FORMAT = 1
_MARK = re.compile(r"_format_([1-9]\d{0,8})")
_NEWER = re.compile(r"v([1-9]\d{0,8})_.*\.parquet")


def mark(bucket: Bucket) -> None:
    """Write the mark, unless it is there."""
    bucket.create(f"{ROOT}/_format_{FORMAT}", json.dumps(format_fields("cqs-core", FORMAT)).encode())


def is_mark(key: str) -> bool:
    """Whether a key is a mark, of any format."""
    folder, _, name = key.rpartition("/")
    return folder == ROOT and _MARK.fullmatch(name) is not None


def check_marks(bucket: Bucket, keys: Iterable[str]) -> None:
    """Look at the marks in the lake's folder.

    Raises:
        NewerFormat: one is newer than what this version reads.
    """
    for key in keys:
        if is_mark(key):
            version = int(key.rpartition("_")[2])
            require_format(
                f"the lake of {bucket.url!r}", {**_content(bucket, key, version), "format": version}, FORMAT, "cqs-core"
            )


def check_name(key: str) -> None:
    """Whether the name of an object belongs to a later format.

    Raises:
        NewerFormat: it does.
    """
    if found := _NEWER.fullmatch(key.rpartition("/")[2]):
        raise NewerFormat(f"{key!r} is of format {found[1]}; this version reads {FORMAT}: upgrade cqs-core")


def _content(bucket: Bucket, key: str, version: int) -> dict[str, Any]:
    """Who wrote the mark; looked up only where it will be told."""
    if version <= FORMAT:
        return {}
    try:
        found = json.loads(bucket.read(key))
    except (BucketError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
