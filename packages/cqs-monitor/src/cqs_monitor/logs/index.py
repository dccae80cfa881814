"""Rows and facts of each group as read before, in the user's cache; losing them costs a reading."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cqs_core.files import replacing, write_json
from cqs_monitor.logs.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FORMAT = b"cqs 5"
_LARGE = 64 << 20  # bytes
WORTH = 1 << 20
"""Bytes of logs: a group is stored again when so much of it was read anew."""


class Index:
    """The groups of one bucket: `{group}.arrow` with the rows, `{group}.json` with what was read of each file.

    Args:
        root: the user's cache.
        url: of the bucket.
    """

    def __init__(self, root: Path, url: str) -> None:
        self._folder = root / "logs" / hashlib.blake2b(url.encode(), digest_size=12).hexdigest()

    def has(self, name: str) -> bool:
        """Whether a group was stored."""
        return (self._folder / f"{name}.arrow").exists()

    def load(self, name: str) -> tuple[pa.Table, dict[str, Any]]:
        """Rows and facts of a group as they were stored; none where there are none that can be read."""
        try:
            table = _stored(self._folder / f"{name}.arrow")
            facts = json.loads(table.schema.metadata[_FORMAT])
            table = table.replace_schema_metadata()
            if table.schema.equals(ROWS) and table.num_rows == sum(rows for _, rows in facts["counts"]):
                return table, facts
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
            pass
        return ROWS.empty_table(), {}

    def files(self, name: str, mark: str) -> Sequence[Sequence[Any]]:
        """The result of reading each file; nothing, so that all are read again, where it does not fit the rows."""
        try:
            stored = json.loads((self._folder / f"{name}.json").read_bytes())
            return list(stored["files"]) if stored["mark"] == mark else []
        except (OSError, ValueError, TypeError, KeyError):
            return []

    def store(
        self, name: str, table: pa.Table, facts: Mapping[str, Any], files: Sequence[Sequence[Any]]
    ) -> pa.Table | None:
        """Store a group; its rows as they are read from the store, None where they cannot be stored.

        After a kill in between, the marks of its two files differ.
        """
        path = self._folder / f"{name}.arrow"
        mark = hashlib.blake2b(json.dumps(files).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        schema = ROWS.with_metadata({_FORMAT: json.dumps({**facts, "mark": mark}).encode()})
        try:
            write_json(self._folder / f"{name}.json", {"mark": mark, "files": files})
            with replacing(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
                writer.write_table(table)
            return _stored(path).replace_schema_metadata()
        except OSError:  # a full or read-only cache costs time, nothing else
            return None


def _stored(path: Path) -> pa.Table:
    """A stored table; a large one is mapped rather than read: pages that are never looked at cost no memory."""
    large = path.stat().st_size >= _LARGE
    return pa.ipc.open_file(pa.memory_map(str(path)) if large else path.read_bytes()).read_all()
