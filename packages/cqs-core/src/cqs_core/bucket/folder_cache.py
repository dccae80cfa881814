"""What was made of each folder's files, kept over processes for as long as the folder rests.

What rests need not be read again, nor what was made of it be made again. See `listing` for when a folder is known to
rest; of remote buckets nothing is remembered.
"""

from __future__ import annotations

import contextlib
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
    """What `make` gave for the folders below one root.

    Args:
        file: where it is kept; whoever cannot write there forgets with its process.
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
            make: gives what JSON can hold; called where nothing is known, or what is known is of another time.
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
        """What is no longer there."""
        gone = [key for key in self._known if key not in found and f"{key}/".startswith(f"{prefix}/")]
        for key in gone:
            del self._known[key]
        self._changed |= bool(gone)

    def _save(self) -> None:
        """Whole or not at all; of two processes the last one's is kept, and the other's folders are looked at again."""
        self._changed = False
        with contextlib.suppress(OSError):
            write_json(self._file, [_VERSION, self._known])


def _loaded(file: Path) -> dict[str, Any]:
    """What the file says; nothing where it is absent, torn or of another version."""
    try:
        version, known = json.loads(file.read_bytes())
        return known if version == _VERSION and isinstance(known, dict) else {}
    except (OSError, ValueError, TypeError):
        return {}
