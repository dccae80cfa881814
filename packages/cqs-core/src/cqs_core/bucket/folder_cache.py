"""Values computed from each folder's files, kept across processes while the folder does not change.

An unchanged folder need not be read again, nor its value computed again. See `listing` for when a folder is known to
be unchanged. Nothing is cached for remote buckets.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cqs_core.bucket.entry import Entry
from cqs_core.bucket.listing import Place, State, read_folder, state_of
from cqs_core.files.atomic import write_json

if TYPE_CHECKING:
    from pathlib import Path

Make = Callable[[str, Sequence[Entry]], Any]
_VERSION = 1


class FolderCache:
    """The values of `make` for the folders below one root.

    Args:
        file: where the values are kept; without write access they last as long as the process.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = _loaded(file)
        self._changed = False
        self._lock = threading.Lock()

    def each(self, folder: str, prefix: str, make: Make) -> dict[str, Any]:
        """`make(key of the folder, its files)` by folder, of every folder at or below `folder` that has files.

        Args:
            folder: its path.
            prefix: its key.
            make: returns a JSON value; called for folders that are new or have changed.
        """
        found: dict[str, Any] = {}
        with self._lock:
            self._visit(folder, prefix, make, found, ())
            self._forget(prefix, found)
            if self._changed:
                self._save()
        return {key: made for key, made in found.items() if made is not None}

    def _visit(self, folder: str, prefix: str, make: Make, found: dict[str, Any], above: tuple[Place, ...]) -> None:
        state = state_of(folder)
        if state is None or state[:2] in above:
            return
        known = self._known.get(prefix)
        if known is None or known[0] != [*state]:
            known = self._look(folder, prefix, state, make)
        _, folders, found[prefix] = known
        for name in folders:
            self._visit(f"{folder}/{name}", f"{prefix}/{name}", make, found, (*above, state[:2]))

    def _look(self, folder: str, prefix: str, state: State, make: Make) -> list[Any]:
        listing, rests = read_folder(folder, prefix, state, immutable=True)
        known = [[*state], list(listing.folders), make(prefix, listing.entries) if listing.entries else None]
        if rests:
            self._known[prefix], self._changed = known, True
        return known

    def _forget(self, prefix: str, found: dict[str, Any]) -> None:
        """Drop folders that no longer exist."""
        gone = [key for key in self._known if key not in found and f"{key}/".startswith(f"{prefix}/")]
        for key in gone:
            del self._known[key]
        self._changed |= bool(gone)

    def _save(self) -> None:
        """Atomic; if two processes save, the last one wins, and the other's folders are read again."""
        self._changed = False
        with contextlib.suppress(OSError):
            write_json(self._file, [_VERSION, self._known])


def _loaded(file: Path) -> dict[str, Any]:
    """The file's content; empty if it is absent, torn or of another version."""
    try:
        version, known = json.loads(file.read_bytes())
        return known if version == _VERSION and isinstance(known, dict) else {}
    except (OSError, ValueError, TypeError):
        return {}


def folder_cache(root: str, name: str) -> FolderCache:
    """The cache of a local bucket's values of one name; one a process."""
    from cqs_core.files.folders import cache_folder

    place = f"{name}-{hashlib.blake2b(root.encode(), digest_size=12).hexdigest()}.json"
    return _opened(cache_folder() / "folders" / place)


@functools.lru_cache(maxsize=32)
def _opened(file: Path) -> FolderCache:
    return FolderCache(file)
