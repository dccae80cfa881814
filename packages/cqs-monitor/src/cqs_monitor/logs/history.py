"""The logs of a bucket, read repeatedly: one listing, then only what changed."""

from __future__ import annotations

import functools
import itertools
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from cqs_core import BucketError, plugins
from cqs_core.files import cache_folder
from cqs_monitor.logs.duplicates import counted_once
from cqs_monitor.logs.index import WORTH, Index
from cqs_monitor.logs.layout import PREFIXES, Layout, LogFile, TradeFiles, faults_of, in_time, sort_out, with_last_seen
from cqs_monitor.logs.problems import Findings, Problem
from cqs_monitor.logs.recognition import HEAD, Known, Recognition
from cqs_monitor.logs.snapshot import TRADES, Snapshot
from cqs_monitor.logs.sources import sources
from cqs_monitor.logs.state import SmallFiles
from cqs_monitor.logs.table import ROWS, SCHEMA, TableFormat, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cqs_core import Bucket, LogFormat
    from cqs_core.bucket import Census
    from cqs_monitor.logs.state import Positions

UNREAD = ""
"""Stamp of a file that could not be read: it equals no file's, so that the next reading tries again."""


class FileRows(NamedTuple):
    """The result of reading one file.

    Attributes:
        file: as it was listed then.
        rows: how many complete ones it has.
        problems: as pairs of line and reason.
    """

    file: LogFile
    rows: int
    problems: Sequence[tuple[int | None, str]] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """Trades of one month (or of all single-file logs), in the order of their folders and names.

    Attributes:
        table: all rows, in `ROWS`.
        counts: accounts and how many rows each has, in the order of the rows.
        problems: what is wrong with the files.
        signature: of the files that were read; empty where one could not be.
        load: gives what was read of each file, which is needed only where one changed.
        unsaved: bytes of files read since the group was last stored.
    """

    table: pa.Table = field(default_factory=ROWS.empty_table)
    counts: Sequence[tuple[str, int]] = ()
    problems: Sequence[Problem] = ()
    signature: str = ""
    load: Callable[[], Sequence[FileRows]] = tuple
    unsaved: int = 0

    @functools.cached_property
    def files(self) -> Sequence[FileRows]:
        """The result of reading each file."""
        return self.load()


class Logs:
    """The logs of one bucket; threads may share it.

    Args:
        bucket: read only.
        formats: that its files may be in; the installed ones by default.

    >>> from cqs_core import Bucket, settings
    >>> found = Logs(Bucket(settings().bucket)).refresh()
    >>> list(found.accounts), len(found.table)
    (['Main'], 2)
    """

    def __init__(self, bucket: Bucket, formats: Iterable[LogFormat] | None = None) -> None:
        self.bucket = bucket
        self._formats = formats
        self._index = Index(cache_folder(), bucket.url)
        self._groups: dict[str, Group] = {}
        self._small = SmallFiles(bucket)
        self._last = Snapshot()
        self._seen: Layout | None = None
        self._census: Mapping[str, Census] = {}
        self._known: Known = {}
        self._lock = threading.Lock()

    def refresh(self) -> Snapshot:
        """Read what changed since the last reading.

        Raises:
            BucketError: the bucket cannot be listed, nor are its logs known from before.
        """
        with self._lock:
            layout = self._listed()
            if layout is not self._seen:
                self._last = self._snapshot(layout)
                self._seen = None if self._last.unread or layout.unsure else layout
            return self._last

    def signs(self) -> Snapshot:
        """Accounts, files and heartbeats as they are now; no trade is read, so that it is quick however many there are.

        An account whose files copy those of another one is an account here.

        Raises:
            BucketError: the bucket cannot be listed, nor are its logs known from before.
        """
        layout, small = self._sorted(self._found(), {}), SmallFiles(self.bucket)
        small.refresh([file for _, file in layout.heartbeats.values()], Findings())
        beats = small.heartbeats(layout)
        return Snapshot(accounts=tuple(layout.accounts), formats=layout.formats, heartbeats=beats, layout=layout)

    def _listed(self) -> Layout:
        found = self._found()
        if self._seen is not None and found == self._census:
            return self._seen
        self._census = found
        return self._sorted(found, self._known)

    def _found(self) -> Mapping[str, Census]:
        listed = {key: census for prefix in PREFIXES for key, census in self.bucket.census(prefix).items()}
        found = with_last_seen(listed, self._census)
        faults = faults_of(found)
        if faults.keys() & set(PREFIXES) and not any(census.names for census in found.values()):
            key, fact = next(iter(faults.items()))
            raise BucketError(f"bucket {self.bucket.url!r} failed at {key!r}: {fact}")
        return found

    def _sorted(self, found: Mapping[str, Census], known: Known) -> Layout:
        formats = plugins().log_formats().values() if self._formats is None else self._formats
        return sort_out(found, Recognition(formats, self._head, known))

    def _head(self, key: str) -> bytes:
        with self.bucket.open(key) as stream:
            return stream.read(HEAD)

    def _snapshot(self, layout: Layout) -> Snapshot:
        self._groups = {name: self._group(name, layout.trades[name]) for name in in_time(layout.trades)}
        groups, findings = self._groups.values(), Findings()
        self._small.refresh(layout.small, findings)
        positions = self._small.positions(layout, findings)
        states = self._small.states(layout, findings)
        errors = self._small.errors(layout, findings)
        table = _joined(groups, layout.accounts)
        found = counted_once(table, lambda: [entry for group in groups for entry in group.files], layout.accounts)
        problems = [*layout.problems, *itertools.chain(*(group.problems for group in groups)), *found.problems]
        problems += [*_not_held(found.copies, positions, layout), *findings.problems()]
        return Snapshot(
            accounts=tuple(found.accounts),
            table=found.table,
            problems=tuple(problems),
            formats={account: form for account, form in layout.formats.items() if account not in found.copies},
            positions={account: held for account, held in positions.items() if account not in found.copies},
            states={account: state for account, state in states.items() if account not in found.copies},
            heartbeats=self._small.heartbeats(layout),
            errors=errors,
            layout=layout,
            unread=self._unread(layout),
        )

    def _unread(self, layout: Layout) -> frozenset[str]:
        """Accounts of which a file was not read, and needs another try."""
        small = {file.account for file in layout.small if file not in self._small}
        changed = [name for name, group in self._groups.items() if group.signature != layout.trades[name].signature]
        read = {e.file.key: e.file.stamp for name in changed for e in self._groups[name].files}
        files = itertools.chain(*(layout.trades[name].files() for name in changed))
        return frozenset(small | layout.unlisted | {file.account for file in files if read.get(file.key) != file.stamp})

    def _group(self, name: str, trades: TradeFiles) -> Group:
        group = self._groups.get(name) or self._stored(name)
        if group.signature == trades.signature:
            return group
        group = _refreshed(group, trades, self.bucket)
        if group.unsaved < WORTH and self._index.has(name):
            return group
        facts = {"signature": group.signature, "counts": group.counts, "problems": group.problems}
        files = [[*entry.file, entry.rows, entry.problems] for entry in group.files]
        table = self._index.store(name, group.table, facts, files)
        return group if table is None else replace(group, table=table, unsaved=0)

    def _stored(self, name: str) -> Group:
        table, facts = self._index.load(name)
        if not facts:
            return Group()
        problems = [Problem(*fields) for fields in facts["problems"]]
        return Group(table, facts["counts"], problems, facts["signature"], lambda: self._files(name, facts["mark"]))

    def _files(self, name: str, mark: str) -> Sequence[FileRows]:
        found = self._index.files(name, mark)
        return [FileRows(LogFile(*file), rows, problems) for *file, rows, problems in found]


def _refreshed(group: Group, trades: TradeFiles, bucket: Bucket) -> Group:
    """The group of `trades` as listed now: files that changed are read, the others are kept."""
    files = trades.files()
    if sum(entry.rows for entry in group.files) != group.table.num_rows:
        group = Group()  # stored by a process that was killed between its two files: which row is of which is unknown
    known = {entry.file.key: entry.file.stamp for entry in group.files}
    changed = [file for file in files if known.get(file.key) != file.stamp]
    fresh, table = _read(bucket, trades.form, changed)
    entries, table = _merged(group, fresh, table, [file.key for file in files])
    runs = itertools.groupby(entries, key=lambda entry: entry.file.account)
    counts = [(account, sum(entry.rows for entry in some)) for account, some in runs]
    problems = [Problem(e.file.key, line, reason) for e in entries for line, reason in e.problems]
    signature = trades.signature if [entry.file for entry in entries] == files else ""
    return Group(table, counts, problems, signature, lambda: entries, group.unsaved + sum(f.size for f in changed))


def _read(bucket: Bucket, form: LogFormat, files: Sequence[LogFile]) -> tuple[list[FileRows], pa.Table]:
    """The rows of some files; those that cannot be read to their end have none."""
    findings, opened = Findings(), []

    def streams() -> Iterator[tuple[str, BinaryIO]]:
        for file, stream in sources(bucket, files, findings):
            opened.append(file)
            yield file.key, stream

    read = form.tables if isinstance(form, TableFormat) else functools.partial(tables, form)
    found = pa.concat_tables([SCHEMA.empty_table(), *read(streams(), findings)])
    owner = found["file"].to_numpy()
    failed = [place for place, file in enumerate(opened) if file.key in findings.unread]
    if failed:
        found = found.filter(pa.array(~np.isin(owner, failed)))
        owner = found["file"].to_numpy()
    rows = np.bincount(owner, minlength=len(opened)).tolist()
    counts = {file.key: count for file, count in zip(opened, rows, strict=True)}
    problems: dict[str, list[tuple[int | None, str]]] = {}
    for problem in findings.problems():
        problems.setdefault(problem.file, []).append((problem.line, problem.reason))
    entries = [
        FileRows(
            f._replace(stamp=UNREAD) if f.key in findings.unread else f, counts.get(f.key, 0), problems.get(f.key, ())
        )
        for f in files
        if f.key in counts or f.key in findings.unread
    ]
    return entries, found.drop_columns("file")


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


def _joined(groups: Iterable[Group], accounts: Sequence[str]) -> pa.Table:
    """The rows of all groups, in `TRADES`."""
    places = {account: index for index, account in enumerate(accounts)}
    counts = np.array([(places[account], rows) for group in groups for account, rows in group.counts], np.int32)
    owners = np.repeat(*counts.reshape(-1, 2).T)
    table = pa.concat_tables([ROWS.empty_table(), *(group.table for group in groups)])
    return table.append_column(TRADES.field("account"), pa.chunked_array([pa.array(owners, pa.int32())]))


def _not_held(copies: Mapping[str, str], positions: Mapping[str, Positions], layout: Layout) -> Iterator[Problem]:
    """Positions that only a copy of an account has: they do not count, and that is reported."""
    for copy, original in copies.items():
        known = positions[original].held if original in positions else ()
        lost = [held.symbol for held in (positions[copy].held if copy in positions else ()) if held not in known]
        if lost:
            named = f"{', '.join(lost[:5])}{' …' if len(lost) > 5 else ''}"
            why = f"{named} not counted as held: {copy!r} is a copy of {original!r}, whose positions count"
            yield Problem(layout.positions[copy].key, None, why)
