"""One object of a bucket as a listing shows it, and the rules for names of objects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        UsageError: it is absolute, climbs, has an empty part, or is too long.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(c in key for c in _FORBIDDEN):
        raise UsageError(f"{key!r} is not a valid object name; it must stay inside the bucket")
    if any(_bytes(part) > 255 for part in parts):
        raise UsageError(f"{key[:60]!r}… is too long for a name; a part of a path has at most 255 bytes")
    return key


def hidden(key: str) -> bool:
    """Whether listings leave it out: unfinished files, and what begins with a dot at the root, where we keep marks."""
    return key.startswith(".") or key.endswith(".tmp")


_FORBIDDEN = "\0\\:" if os.name == "nt" else "\0"  # elsewhere an account may well be called `a:b` or `a\b`


def _bytes(part: str) -> int:
    try:
        return len(part.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise UsageError(f"{part!r} is not a valid object name; it contains half a character") from None


def in_words(keys: Sequence[str]) -> str:
    """Some objects, for a message."""
    return keys[0] + (f" and {len(keys) - 1:,} more" if len(keys) > 1 else "") if keys else "no object"
