"""The trades of one month (or of all single-file logs): what was read of each file, and the rows of all of them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from cqs_monitor.logs.problems import Findings, Problem
from cqs_monitor.logs.sources import sources
from cqs_monitor.logs.table import ROWS, SCHEMA, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cqs_core import Bucket, LogFormat
    from cqs_monitor.logs.layout import LogFile, TradeFiles

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
        problems: what is wrong with the files.
        signature: of the files that were read; empty where one could not be.
        load: gives what was read of each file, which is needed only where one changed.
        unsaved: bytes of files read since the group was last stored.
    """

    table: pa.Table = field(default_factory=ROWS.empty_table)
    counts: tuple[tuple[str, int], ...] = ()
    problems: tuple[Problem, ...] = ()
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
        problems = tuple(Problem(e.file.key, line, reason) for e in files for line, reason in e.problems)
        return cls(table, counts, problems, signature, lambda: files, unsaved)


class FilesOf(Sequence[FileRows]):
    """What was read of each file of some groups, looked up only when it is needed."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = list(groups)

    @functools.cached_property
    def _all(self) -> list[FileRows]:
        return [entry for group in self._groups for entry in group.files]

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, place: Any) -> Any:
        return self._all[place]


def refreshed(group: Group, trades: TradeFiles, bucket: Bucket) -> Group:
    """The group of `trades`, as they are listed now: files that changed are read, the rest is taken over."""
    files = trades.files()
    known = {entry.file.key: entry.file.stamp for entry in group.files}
    changed = [file for file in files if known.get(file.key) != file.stamp]
    fresh, table = _read(bucket, trades.form, changed)
    entries, table = _merged(group, fresh, table, [file.key for file in files])
    whole = [entry.file for entry in entries] == files
    unsaved = group.unsaved + sum(file.size for file in changed)
    return Group.of(tuple(entries), table, trades.signature if whole else "", unsaved)


def _read(bucket: Bucket, form: LogFormat, files: Sequence[LogFile]) -> tuple[list[FileRows], pa.Table]:
    findings = Findings()
    read: list[LogFile] = []

    def streams() -> Iterator[tuple[str, BinaryIO]]:
        for file, stream in sources(bucket, files, findings):
            read.append(file)
            yield file.key, stream

    counts, found = np.zeros(len(files), np.int64), [SCHEMA.empty_table()]
    for table in tables(form, streams(), findings):
        counts += np.bincount(table["file"].to_numpy(), minlength=len(files))
        found.append(table)
    problems: dict[str, list[tuple[int | None, str]]] = {}
    for problem in findings.problems():
        problems.setdefault(problem.file, []).append((problem.line, problem.reason))
    for place, file in enumerate(read):
        if file.key in findings.unread:  # it failed after some rows: they count when it is read whole
            found = [table.filter(pa.array(table["file"].to_numpy() != place)) for table in found]
            counts[place] = 0
    done = [file for file in read if file.key not in findings.unread]
    failed = [file._replace(stamp=UNREAD) for file in files if file.key in findings.unread]
    whole = zip(read, counts.tolist(), strict=False)
    rows = [*(n for file, n in whole if file.key not in findings.unread), *[0] * len(failed)]
    entries = [FileRows(f, n, tuple(problems.get(f.key, ()))) for f, n in zip([*done, *failed], rows, strict=True)]
    return entries, pa.concat_tables(table.drop_columns("file") for table in found)


def _merged(
    old: Group, fresh: Sequence[FileRows], table: pa.Table, keys: Sequence[str]
) -> tuple[list[FileRows], pa.Table]:
    """Entries and their rows in the order of `keys`, from `fresh` and its table where it has them."""
    entries = [*old.files, *fresh]
    starts = itertools.accumulate((entry.rows for entry in entries), initial=0)
    places = {entry.file.key: (entry, start) for entry, start in zip(entries, starts, strict=False)}
    found = [places[key] for key in keys if key in places]
    kept = [entry for entry, _ in found]
    if not old.table.num_rows and kept == list(fresh):
        return kept, table
    counts = np.array([entry.rows for entry in kept], np.int64)
    # the index of each file's first row, less how many rows come before it: plus 0, 1, 2 … these are its rows
    shifts = np.array([start for _, start in found], np.int64) - np.cumsum(counts) + counts
    rows = np.repeat(shifts, counts) + np.arange(counts.sum())
    return kept, pa.concat_tables([old.table, table]).take(pa.array(rows))
