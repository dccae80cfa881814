"""What was read before, in the user's cache: rows and facts of each group; losing them costs a reading."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from cqs_core.files import write_json
from cqs_monitor.logs.group import ROWS, FileRows, Group
from cqs_monitor.logs.layout import LogFile
from cqs_monitor.logs.problems import Problem
from cqs_monitor.logs.spool import stored

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FORMAT = 3
WORTH = 1 << 20
"""Bytes of logs: a group is stored again when so much of it was read anew."""


class Index:
    """The groups of one bucket.

    Args:
        root: the user's cache.
        url: of the bucket.
    """

    def __init__(self, root: Path, url: str) -> None:
        self.folder = root / "logs" / hashlib.blake2b(url.encode(), digest_size=12).hexdigest()

    def load(self, name: str) -> Group:
        """The group as it was stored; empty where there is none that can be read."""
        try:
            facts = json.loads((self.folder / f"{name}.json").read_bytes())
            if facts["format"] != _FORMAT:
                return Group()
            table = stored(self.folder / facts["rows"])
            counts = tuple((str(account), int(rows)) for account, rows in facts["counts"])
            told = tuple(Problem(*fields) for fields in facts["told"])
            signature, files = str(facts["signature"]), self.folder / facts["files"]
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
            return Group()
        if not table.schema.equals(ROWS) or table.num_rows != sum(rows for _, rows in counts):
            return Group()
        return Group(table, counts, told, signature, lambda: _files(files, table.num_rows))

    def store(self, name: str, group: Group) -> Group:
        """Store the group if enough of it is new; the facts name the rows, so a kill in between leaves the old pair."""
        if group.unsaved < WORTH and (self.folder / f"{name}.json").exists():
            return group
        rows = self.folder / f"{name}-{uuid.uuid4().hex}.arrow"
        files = rows.with_suffix(".files")
        facts = {
            "format": _FORMAT,
            "rows": rows.name,
            "files": files.name,
            "signature": group.signature,
            "counts": group.counts,
            "told": group.told,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with pa.ipc.new_file(str(rows), ROWS) as writer:
                writer.write_table(group.table)
            files.write_text(json.dumps([_fields(entry) for entry in group.files]))
            write_json(self.folder / f"{name}.json", facts)
            table = stored(rows)
        except OSError:  # a full or read-only cache costs time, nothing else
            return group
        self._remove(path for path in self.folder.glob(f"{name}-*") if path not in (rows, files))
        return replace(group, table=table, unsaved=0)

    @staticmethod
    def _remove(paths: Iterable[Path]) -> None:
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink()


def _files(path: Path, rows: int) -> tuple[FileRows, ...]:
    """What was read of each file; nothing, so that all are read again, where that is not what the rows are of."""
    try:
        files = tuple(_entry(*fields) for fields in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()
    return files if sum(entry.rows for entry in files) == rows else ()


def _fields(entry: FileRows) -> list[object]:
    return [*entry.file, entry.rows, entry.problems]


def _entry(
    key: str,
    account: str,
    size: int,
    stamp: str,
    modified: float | None,
    rows: int,
    problems: list[tuple[int | None, str]],
) -> FileRows:
    return FileRows(LogFile(key, account, size, stamp, modified), rows, tuple((line, why) for line, why in problems))
