"""Tables on their way into one: in memory, or through a file where they are too many."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 64 << 20
"""Bytes of logs from which their rows go through a file."""


class Spool:
    """Collects tables of one schema.

    Args:
        folder: where the file is made.
        size: bytes of the logs that are about to be read.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._path = folder / f"{uuid.uuid4().hex}.spool" if size >= LARGE else None
        self._writer: Any = None
        self._tables: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        if self._path is None:
            self._tables.append(table)
            return
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pa.ipc.new_file(str(self._path), table.schema)
        self._writer.write_table(table)

    def table(self, schema: pa.Schema) -> pa.Table:
        """All of it; the file is unlinked at once, and lives as long as the table."""
        if self._writer is None or self._path is None:
            return pa.concat_tables([schema.empty_table(), *self._tables])
        self._writer.close()
        table = stored(self._path)
        self._path.unlink()
        return table


def stored(path: Path) -> pa.Table:
    """A stored table; a large one is mapped rather than read: pages that nobody looks at cost no memory."""
    if path.stat().st_size >= LARGE:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return pa.ipc.open_file(path.read_bytes()).read_all()
