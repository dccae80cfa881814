"""The logs of a bucket, read again and again: one listing, then only what changed."""

from __future__ import annotations

import functools
import itertools
import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.files import cache_folder
from cqs_core.time.clock import now
from cqs_monitor.logs.duplicates import Once, told_once
from cqs_monitor.logs.errors import BotError, read_errors
from cqs_monitor.logs.group import ROWS, FilesOf, Group, refreshed
from cqs_monitor.logs.index import Index
from cqs_monitor.logs.layout import LEGACY, PREFIXES, Layout, LogFile, Trades, sort_out
from cqs_monitor.logs.positions import Positions, read_positions
from cqs_monitor.logs.problems import Findings
from cqs_monitor.logs.snapshot import TRADES, Snapshot
from cqs_monitor.logs.sources import read_all
from cqs_monitor.logs.state import Heartbeat, RuntimeState, read_heartbeat, read_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket
    from cqs_core.bucket import Census

_NOT_READ = "the bucket did not give it"


class Logs:
    """The logs of one bucket; threads may share it.

    Args:
        bucket: read only.
    """

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._index = Index(cache_folder(), bucket.url)
        self._groups: dict[str, Group] = {}
        self._small: dict[str, tuple[str, bytes]] = {}
        self._last = Snapshot()
        self._seen: Layout | None = None
        self._census: Mapping[str, Census] = {}
        self._lock = threading.Lock()

    @property
    def last(self) -> Snapshot:
        """What the last reading found; empty before the first."""
        return self._last

    def refresh(self) -> Snapshot:
        """Read what changed since the last reading.

        Raises:
            BucketError: the bucket cannot be listed.
        """
        with self._lock:
            layout = self._listed()
            if layout is not self._seen:
                self._last = self._snapshot(layout)
                self._seen = layout if self._whole(layout) else None
            return self._last

    def _listed(self) -> Layout:
        found = {key: census for prefix in PREFIXES for key, census in self.bucket.census(prefix).items()}
        if self._seen is not None and found == self._census:
            return self._seen
        self._census = found
        return sort_out(found)

    def _snapshot(self, layout: Layout) -> Snapshot:
        groups = {name: self._group(name, layout.trades[name]) for name in _in_time(layout.trades)}
        self._groups = groups
        findings = Findings()
        small = self._read_small(layout, findings)
        positions = {account: _positions(file, small, findings) for account, file in layout.positions.items()}
        states = {account: _state(file, small, findings) for account, file in layout.states.items()}
        errors = _errors(layout.errors, small, findings)
        found = _told_once(groups, layout.accounts)
        problems = [*layout.problems, *itertools.chain(*(g.told for g in groups.values())), *found.problems]
        return Snapshot(
            accounts=tuple(found.accounts),
            table=found.table,
            problems=tuple(problems + findings.problems()),
            positions={account: held for account, held in positions.items() if account not in found.copies},
            states={account: state for account, state in states.items() if account not in found.copies},
            heartbeat=_heartbeat(layout.heartbeat, small),
            errors=errors,
            layout=layout,
            prefix=_prefix(layout),
            read_at=now(),
            unread=frozenset() if self._whole(layout) else self._unread(layout),
        )

    def _whole(self, layout: Layout) -> bool:
        """Whether every file was read, so that nothing needs another try."""
        groups = all(group.signature == layout.trades[name].signature for name, group in self._groups.items())
        return groups and all(file.key in self._small for file in layout.small)

    def _unread(self, layout: Layout) -> frozenset[str]:
        read = {e.file.key: e.file.stamp for group in self._groups.values() for e in group.files}
        files = itertools.chain(*(trades.files() for trades in layout.trades.values()))
        trades = {file.account for file in files if read.get(file.key) != file.stamp}
        return frozenset(trades | {file.account for file in layout.small if file.key not in self._small})

    def _group(self, name: str, trades: Trades) -> Group:
        group = self._groups.get(name) or self._index.load(name)
        if group.signature == trades.signature:
            return group
        return self._index.store(name, refreshed(group, trades, self.bucket, self._index.folder))

    def _read_small(self, layout: Layout, findings: Findings) -> dict[str, bytes]:
        """Bytes of states and positions by key, read where their stamps changed."""
        wanted = layout.small
        changed = [file for file in wanted if self._small.get(file.key, ("",))[0] != file.stamp]
        fresh = read_all(self.bucket, changed, findings)
        self._small = {
            file.key: (file.stamp, fresh[file.key]) if file.key in fresh else self._small[file.key]
            for file in wanted
            if file.key in fresh or (file.key in self._small and file not in changed)
        }
        return {key: data for key, (_, data) in self._small.items()}


def _in_time(names: Mapping[str, object]) -> list[str]:
    return sorted(names, key=lambda name: (name != LEGACY, name))


def _told_once(groups: Mapping[str, Group], accounts: list[str]) -> Once:
    places = {account: index for index, account in enumerate(accounts)}
    counts = [count for group in groups.values() for count in group.counts]
    owners = np.array([places[account] for account, _ in counts], np.int32)
    column = pa.array(np.repeat(owners, [rows for _, rows in counts]), pa.int32())
    table = pa.concat_tables([ROWS.empty_table(), *(group.table for group in groups.values())])
    table = table.append_column(TRADES.field("account"), pa.chunked_array([column]))
    return told_once(table, FilesOf(groups.values()), accounts)


def _positions(file: LogFile, small: Mapping[str, bytes], findings: Findings) -> Positions:
    found = read_positions(small[file.key]) if file.key in small else Positions("unreadable", reason=_NOT_READ)
    if found.state == "unreadable":
        findings.tell(file.key, None, f"unreadable positions: {found.reason}")
    return found


def _state(file: LogFile, small: Mapping[str, bytes], findings: Findings) -> RuntimeState:
    found = read_state(small[file.key]) if file.key in small else RuntimeState("unreadable", reason=_NOT_READ)
    if found.state == "unreadable":
        findings.tell(file.key, None, f"unreadable runtime state: {found.reason}")
    return found


def _errors(files: Sequence[LogFile], small: Mapping[str, bytes], findings: Findings) -> tuple[BotError, ...]:
    found: list[BotError] = []
    for file in files:
        errors, damaged = read_errors(file.account, small.get(file.key, b""))
        found += errors
        if damaged:
            findings.tell(file.key, None, f"{damaged} lines that are no JSON object; not read")
    return tuple(found)


def _prefix(layout: Layout) -> str:
    traded = (folder.key for trades in layout.trades.values() for folder in trades.folders)
    used = {key.partition("/")[0] for key in itertools.chain(traded, (file.key for file in layout.small))}
    return next((prefix for prefix in reversed(PREFIXES) if prefix in used), PREFIXES[-1])


def _heartbeat(file: LogFile | None, small: Mapping[str, bytes]) -> Heartbeat:
    if file is None:
        return Heartbeat("absent")
    return read_heartbeat(small[file.key]) if file.key in small else Heartbeat("unreadable")


@functools.cache
def logs_of(url: str) -> Logs:
    """This process's one reader of a bucket: pages and callers share what it has read."""
    from cqs_core import Bucket

    return Logs(Bucket(url))
