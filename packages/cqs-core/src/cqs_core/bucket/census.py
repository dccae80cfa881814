"""Everything below a folder as columns: for logs, where any of a million files may have grown by a line."""

from __future__ import annotations

import array
import contextlib
import functools
import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.bucket.listing import Place, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cqs_core.bucket.entry import Entry

_WORD = (1 << 63) - 1


class Census(NamedTuple):
    """The objects of one folder.

    Attributes:
        names: ascending, without the folder.
        stats: int64 (3, N) as bytes: a number that changes when the object does, when it was modified (ns since the
            epoch, 0 where the storage does not say), and its size.
        fault: why a local folder, also the one that was asked for, cannot be listed; it then has no names.
    """

    names: tuple[str, ...]
    stats: bytes
    fault: str = ""


def count(folder: str, key: str, found: dict[str, Census], above: tuple[Place, ...] = ()) -> None:
    """Add to `found`, by folder key, what is in and below a local folder; links are followed, but not in circles."""
    try:
        state = state_of(folder)
        if state is None or state[:2] in above:
            return
        rows, folders = _looked_at(folder)
    except OSError as error:
        found[key] = Census((), b"", error.strerror or type(error).__name__)
        return
    if rows:
        rows.sort()
        found[key] = _census(*zip(*rows, strict=True))
    for name in sorted(folders):
        count(f"{folder}/{name}", f"{key}/{name}", found, (*above, state[:2]))


def _looked_at(folder: str) -> tuple[list[tuple[str, int, int, int]], list[str]]:
    """Files with their stats, and folders; nothing where it is gone."""
    rows, folders = [], []
    with (
        contextlib.suppress(FileNotFoundError, NotADirectoryError),
        _opened(folder) as opened,
        os.scandir(opened) as found,
    ):
        for item in found:
            name = item.name
            if name.endswith(".tmp"):
                continue
            try:
                seen = item.stat()
            except OSError as error:  # gone, or a link that leads nowhere, in a circle, or to what may not be seen
                if isinstance(error, PermissionError) and not item.is_symlink():  # the folder may not be entered
                    raise
                continue
            kind = seen.st_mode & 0o170000
            if kind == stat.S_IFREG:
                rows.append((name, seen.st_ino, seen.st_mtime_ns, seen.st_size))
            elif kind == stat.S_IFDIR:
                folders.append(name)
    return rows, folders


@contextlib.contextmanager
def _opened(folder: str) -> Iterator[int | str]:
    """The folder for `scandir`, open where that works: then each file is looked up by its name alone."""
    if os.scandir not in os.supports_fd:
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def counted(entries: Iterable[Entry]) -> dict[str, Census]:
    """The same from a listing."""
    rows: dict[str, list[tuple[str, int, int, int]]] = {}
    for entry in entries:
        folder, _, name = entry.key.rpartition("/")
        tag = int.from_bytes(hashlib.blake2b(entry.tag.encode(), digest_size=8).digest(), "big") & _WORD
        rows.setdefault(folder, []).append((name, tag, round((entry.modified or 0) * 1e9), entry.size))
    return {folder: _census(*zip(*sorted(some), strict=True)) for folder, some in rows.items()}


def _census(names: tuple[str, ...], tags: tuple[int, ...], times: tuple[int, ...], sizes: tuple[int, ...]) -> Census:
    try:
        stats = array.array("q", tags + times + sizes)
    except OverflowError:  # inodes of some network file systems
        stats = array.array("q", [fact & _WORD for fact in tags + times + sizes])
    return Census(_shared(names), stats.tobytes())


@functools.lru_cache(maxsize=1024)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """One object for equal tuples of names, to save memory: most folders have files of the same days."""
    return names
