"""Hash and inspection of a model, remembered on this machine for as long as the object does not change."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core import BucketError
from cqs_core.files import cache_folder, write_json
from cqs_monitor.models.description import Description
from cqs_monitor.models.inspection import Inspection, inspect_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cqs_core import Bucket
    from cqs_core.bucket import Entry

DOWNLOAD = 1 << 29
"""Bytes of a model that are fetched from a remote bucket."""

_FORM = 2  # version of the cached results: raise it when the inspection changes
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Fingerprint:
    """The result of one inspection; `sha256` is None if the file could not be read completely."""

    sha256: str | None
    inspection: Inspection | None
    problem: str | None = None


def fingerprint(bucket: Bucket, entry: Entry) -> Fingerprint:
    """Hash and inspection of the object as the listing shows it."""
    memory = _memory(bucket, entry)
    remembered = _remembered(memory)
    if remembered is not None:
        return remembered
    if not bucket.local and entry.size > DOWNLOAD:
        big = f"{entry.size / 1e9:.1f} GB: more than {DOWNLOAD >> 20} MB are not fetched to be inspected"
        return Fingerprint(None, Inspection(None, None, problem=big), big)
    try:
        with local_file(bucket, entry.key) as file:
            seen = inspect_file(file)
            found = Fingerprint(_sha256(file), seen)
    except (FileNotFoundError, BucketError) as error:
        problem = f"could not be read ({error})"
        return Fingerprint(None, None, problem)
    _remember(memory, found)
    return found


@contextmanager
def local_file(bucket: Bucket, key: str) -> Iterator[BinaryIO]:
    """The object as an open local file: itself in a folder, a temporary copy of a remote one."""
    if bucket.folder is not None:
        with (bucket.folder / key).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as copy:
        with bucket.open(key) as stream:
            while part := stream.read(_CHUNK):
                copy.write(part)
        copy.flush()
        yield copy


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # open() gives readinto


def _memory(bucket: Bucket, entry: Entry) -> Path:
    name = hashlib.sha256(f"{_FORM}\0{bucket.url}\0{entry.key}\0{entry.tag}\0{entry.size}".encode()).hexdigest()
    return cache_folder() / "models" / f"{name[:32]}.json"


def _remembered(path: Path) -> Fingerprint | None:
    try:
        value: dict[str, Any] = json.loads(path.read_text())
        seen = value["inspection"]
        about = Description(**seen.pop("about"))
        listed: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in seen.items()}
        return Fingerprint(value["sha256"], Inspection(**listed, about=about))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(path: Path, found: Fingerprint) -> None:
    write_json(path, asdict(found))
