"""What was read before, in the user's cache: rows and facts of each group; losing them costs a reading."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cqs_core.files import replacing, write_json
from cqs_monitor.logs.layout import LogFile
from cqs_monitor.logs.problems import Problem
from cqs_monitor.logs.reading import FileRows, Group
from cqs_monitor.logs.table import ROWS

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = b"cqs 4"
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

    def load(self, name: str) -> Group:
        """The group as it was stored; empty where there is none that can be read."""
        try:
            table = _stored(self._folder / f"{name}.arrow")
            facts = json.loads(table.schema.metadata[_FORMAT])
            table = table.replace_schema_metadata()
            counts = tuple((str(account), int(rows)) for account, rows in facts["counts"])
            problems, mark = tuple(Problem(*fields) for fields in facts["problems"]), str(facts["mark"])
            signature = str(facts["signature"])
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
            return Group()
        if not table.schema.equals(ROWS) or table.num_rows != sum(rows for _, rows in counts):
            return Group()
        return Group(table, counts, problems, signature, lambda: _files(self._folder / f"{name}.json", mark))

    def store(self, name: str, group: Group) -> Group:
        """Store the group if enough of it is new; after a kill in between, the marks of its two files differ."""
        path = self._folder / f"{name}.arrow"
        if group.unsaved < WORTH and path.exists():
            return group
        files = [[*entry.file, entry.rows, entry.problems] for entry in group.files]
        mark = hashlib.blake2b(json.dumps(files).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        facts = {"signature": group.signature, "counts": group.counts, "problems": group.problems, "mark": mark}
        schema = ROWS.with_metadata({_FORMAT: json.dumps(facts).encode()})
        try:
            write_json(self._folder / f"{name}.json", {"mark": mark, "files": files})
            with replacing(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
                writer.write_table(group.table)
            table = _stored(path).replace_schema_metadata()
        except OSError:  # a full or read-only cache costs time, nothing else
            return group
        return replace(group, table=table, unsaved=0)


def _stored(path: Path) -> pa.Table:
    """A stored table; a large one is mapped rather than read: pages that are never looked at cost no memory."""
    large = path.stat().st_size >= _LARGE
    return pa.ipc.open_file(pa.memory_map(str(path)) if large else path.read_bytes()).read_all()


def _files(path: Path, mark: str) -> tuple[FileRows, ...]:
    """What was read of each file; nothing, so that all are read again, where that is not what the rows are of."""
    try:
        stored = json.loads(path.read_bytes())
        return tuple(_entry(*fields) for fields in stored["files"]) if stored["mark"] == mark else ()
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def _entry(*fields: Any) -> FileRows:
    *file, rows, problems = fields
    return FileRows(LogFile(*file), int(rows), tuple((line, str(why)) for line, why in problems))
