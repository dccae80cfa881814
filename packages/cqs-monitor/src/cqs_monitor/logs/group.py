"""The trades of one month (or of all single-file logs): what was read of each file, and the rows of all of them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from cqs_monitor.logs.block import SCHEMA
from cqs_monitor.logs.parse import parse
from cqs_monitor.logs.problems import Findings, Problem
from cqs_monitor.logs.sources import sources
from cqs_monitor.logs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cqs_core import Bucket
    from cqs_monitor.logs.layout import LogFile, Trades

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
    """Files in the order of their folders and names, and their rows in that order.

    Attributes:
        table: all rows, in `ROWS`.
        counts: accounts and how many rows each has, in the order of the rows.
        told: what is wrong with the files.
        signature: of the files that were read; empty where one could not be.
        load: gives what was read of each file, which is needed only where one changed.
        unsaved: bytes of files read since the group was last stored.
    """

    table: pa.Table = field(default_factory=ROWS.empty_table)
    counts: tuple[tuple[str, int], ...] = ()
    told: tuple[Problem, ...] = ()
    signature: str = ""
    load: Callable[[], tuple[FileRows, ...]] = tuple
    unsaved: int = 0

    @functools.cached_property
    def files(self) -> tuple[FileRows, ...]:
        """What was read of each file."""
        return self.load()

    @classmethod
    def of(cls, files: tuple[FileRows, ...], table: pa.Table, signature: str = "", unsaved: int = 0) -> Group:
        """The group of these files."""
        runs = itertools.groupby(files, key=lambda entry: entry.file.account)
        counts = tuple((account, sum(entry.rows for entry in some)) for account, some in runs)
        told = tuple(Problem(e.file.key, line, reason) for e in files for line, reason in e.problems)
        return cls(table, counts, told, signature, lambda: files, unsaved)


class FilesOf(Sequence[FileRows]):
    """What was read of each file of some groups, looked up only if somebody asks."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = list(groups)

    @functools.cached_property
    def _all(self) -> list[FileRows]:
        return [entry for group in self._groups for entry in group.files]

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, place: Any) -> Any:
        return self._all[place]


def refreshed(group: Group, trades: Trades, bucket: Bucket, folder: Path) -> Group:
    """The group of `trades`: files that changed are read, the rest is taken over.

    Args:
        group: what is known.
        trades: as listed now.
        bucket: where they are.
        folder: for rows that are too many for memory.
    """
    files = trades.files()
    known = {entry.file.key: entry.file.stamp for entry in group.files}
    changed = [file for file in files if known.get(file.key) != file.stamp]
    size = sum(file.size for file in changed)
    fresh = _read(bucket, changed, Spool(folder, size))
    entries, pieces = _merged(group, fresh, [file.key for file in files])
    table = pa.concat_tables([ROWS.empty_table(), *pieces])
    whole = [entry.file for entry in entries] == files
    return Group.of(tuple(entries), table, trades.signature if whole else "", group.unsaved + size)


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
    return Group.of(tuple(entries), spool.table(ROWS))


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
