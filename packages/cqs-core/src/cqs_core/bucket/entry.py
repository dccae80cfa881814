"""One object of a bucket as a listing shows it, and the rule for names of objects."""

from __future__ import annotations

from typing import NamedTuple

from cqs_core.errors import UsageError


class Entry(NamedTuple):
    """One object.

    Attributes:
        key: path below the bucket's root, `data/processed/BTC_1d.parquet`.
        size: bytes.
        modified: seconds since the epoch, where the storage says.
        tag: changes when the object does.
    """

    key: str
    size: int
    modified: float | None = None
    tag: str = ""


def checked(key: str) -> str:
    """The key, if it stays inside the bucket.

    Raises:
        UsageError: it is absolute, climbs, or has an empty part.
    """
    parts = key.split("/")
    if not key or "\0" in key or "\\" in key or any(part in ("", ".", "..") for part in parts):
        raise UsageError(f"{key!r} is no name of an object; it must stay inside the bucket")
    if any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in parts):
        raise UsageError(f"{key[:60]!r}… is too long for a name; a part of a path has at most 255 bytes")
    return key
