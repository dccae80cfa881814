"""Ids of what a bucket keeps, runs and searches: unique, and found by how they begin."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from cqs_core import UnknownName

if TYPE_CHECKING:
    from cqs_core import Bucket

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def new_id(stamp: str, strategy: str) -> str:
    """A unique id: the time, the strategy, and a few random digits."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", strategy).strip("-").lower()
    return f"{stamp}-{name}-{secrets.token_hex(3)}"


def find_id(bucket: Bucket, folder: str, kind: str, beginning: str, remedy: str) -> str:
    """An id by itself, or by a beginning of it that no other one has.

    Args:
        bucket: to look in.
        folder: that has one folder for each id.
        kind: `run` or `sweep`, for errors.
        beginning: of the id, or all of it.
        remedy: where ids are named, for errors.

    Raises:
        UnknownName: there is none, or several begin so.
    """
    known = bucket.folders(folder) if _ID.fullmatch(beginning) else []
    found = [name for name in known if name == beginning] or [name for name in known if name.startswith(beginning)]
    if len(found) != 1:
        text = "several begin so; write more of it" if found else remedy
        raise UnknownName(kind, beginning, () if found else known, remedy=text)
    return found[0]
