"""The trades of one month (or of all single-file logs): what was read of each file, and the rows of all of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from cqs_monitor.logs.block import SCHEMA
from cqs_monitor.logs.parse import parse
from cqs_monitor.logs.problems import Findings, Problem
from cqs_monitor.logs.sources import sources
from cqs_monitor.logs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cqs_core import Bucket
    from cqs_monitor.logs.layout import LogFile

ROWS = pa.schema([column for column in SCHEMA if column.name != "file"])
"""What is kept of the rows; which file they are of follows from the files' counts."""


UNREAD = ""
"""Stamp of a file that could not be read: it equals no file's, so that the next reading tries again."""


class FileRows(NamedTuple):
    """What was read of one file.

    Attributes:
        file: as it was listed then.
        rows: how many complete ones it has.
        problems: as pairs of line and reason.
    """

    file: LogFile
    rows: int
    problems: tuple[tuple[int | None, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """Files in the order of their keys, and their rows in that order.

    Attributes:
        files: what was read.
        table: all rows, in `ROWS`.
        unsaved: bytes of files read since the group was last stored.
    """

    files: tuple[FileRows, ...] = ()
    table: pa.Table = field(default_factory=ROWS.empty_table)
    unsaved: int = 0

    def problems(self) -> Iterator[Problem]:
        for entry in self.files:
            for line, reason in entry.problems:
                yield Problem(entry.file.key, line, reason)

    def current(self, files: Sequence[LogFile]) -> bool:
        """Whether these files, as listed now, were read already."""
        return len(files) == len(self.files) and all(
            now.stamp == then.file.stamp and now.key == then.file.key
            for now, then in zip(files, self.files, strict=True)
        )


def refreshed(group: Group, files: Sequence[LogFile], bucket: Bucket, folder: Path) -> Group:
    """The group of `files`: those that changed are read, the rest is taken over.

    Args:
        group: what is known.
        files: as listed now, in the order of their keys.
        bucket: where they are.
        folder: for rows that are too many for memory.
    """
    known = {entry.file.key: entry.file.stamp for entry in group.files}
    changed = [file for file in files if known.get(file.key) != file.stamp]
    size = sum(file.size for file in changed)
    fresh = _read(bucket, changed, Spool(folder, size))
    entries, pieces = _merged(group, fresh, [file.key for file in files])
    return Group(tuple(entries), pa.concat_tables([ROWS.empty_table(), *pieces]), group.unsaved + size)


def _read(bucket: Bucket, files: Sequence[LogFile], spool: Spool) -> Group:
    findings = Findings()
    read: list[LogFile] = []

    def streams() -> Iterator[tuple[str, BinaryIO]]:
        for file, stream in sources(bucket, files, findings):
            read.append(file)
            yield file.key, stream

    counts = np.zeros(len(files), np.int64)
    for table in parse(streams(), findings):
        counts += np.bincount(table["file"].to_numpy(), minlength=len(files))
        spool.add(table.drop_columns("file"))
    told: dict[str, list[tuple[int | None, str]]] = {}
    for problem in findings.problems():
        told.setdefault(problem.file, []).append((problem.line, problem.reason))
    unread = {file.key: file for file in files if file.key in told} if told else {}
    for file in read:
        unread.pop(file.key, None)
    failed = [file._replace(stamp=UNREAD) for file in unread.values()]
    rows = [*counts[: len(read)].tolist(), *[0] * len(failed)]
    entries = [FileRows(f, n, tuple(told.get(f.key, ()))) for f, n in zip([*read, *failed], rows, strict=True)]
    return Group(tuple(entries), spool.table(ROWS))


def _merged(old: Group, fresh: Group, keys: Sequence[str]) -> tuple[list[FileRows], list[pa.Table]]:
    """Entries and rows in the order of `keys`, from `fresh` where it has them; neighbours are cut out in one slice."""
    places = _places(old) | _places(fresh)
    found = [places[key] for key in keys if key in places]
    pieces = []
    for _, run in itertools.groupby(enumerate(found), key=lambda pair: (id(pair[1].group), pair[1].place - pair[0])):
        spots = [spot for _, spot in run]
        start, end = spots[0].start, spots[-1].start + spots[-1].entry.rows
        pieces.append(spots[0].group.table.slice(start, end - start))
    return [spot.entry for spot in found], [piece for piece in pieces if piece.num_rows]


class _Spot(NamedTuple):
    group: Group
    place: int
    start: int
    entry: FileRows


def _places(group: Group) -> dict[str, _Spot]:
    starts = itertools.accumulate((entry.rows for entry in group.files), initial=0)
    return {e.file.key: _Spot(group, i, at, e) for i, (e, at) in enumerate(zip(group.files, starts, strict=False))}
