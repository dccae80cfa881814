"""The logs of a bucket, read again and again: one listing, then only what changed."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core import plugins
from cqs_core.files import cache_folder
from cqs_core.time.clock import now
from cqs_monitor.logs.duplicates import Once, told_once
from cqs_monitor.logs.errors import BotError, read_errors
from cqs_monitor.logs.index import Index
from cqs_monitor.logs.layout import PREFIXES, Layout, LogFile, TradeFiles, in_time, sort_out
from cqs_monitor.logs.problems import Findings, Problem
from cqs_monitor.logs.reading import FilesOf, Group, refreshed
from cqs_monitor.logs.recognition import HEAD, Known, Recognition
from cqs_monitor.logs.snapshot import TRADES, Snapshot
from cqs_monitor.logs.sources import read_all
from cqs_monitor.logs.state import Heartbeat, Positions, RuntimeState, read_heartbeat, read_positions, read_state
from cqs_monitor.logs.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cqs_core import Bucket, LogFormat
    from cqs_core.bucket import Census

_NOT_READ = "the bucket did not give it"


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
        self._small: dict[str, tuple[str, bytes]] = {}
        self._last = Snapshot()
        self._seen: Layout | None = None
        self._census: Mapping[str, Census] = {}
        self._known: Known = {}
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
        formats = plugins().log_formats().values() if self._formats is None else self._formats
        return sort_out(found, Recognition(formats, self._head, self._known))

    def _head(self, key: str) -> bytes:
        """The first bytes of an object; of one that cannot be read none, so that no format owns it."""
        try:
            with self.bucket.open(key) as stream:
                return stream.read(HEAD)
        except Exception:  # noqa: BLE001 - drivers of storages raise what they like
            return b""

    def _snapshot(self, layout: Layout) -> Snapshot:
        groups = {name: self._group(name, layout.trades[name]) for name in in_time(layout.trades)}
        self._groups = groups
        findings = Findings()
        small = self._read_small(layout, findings)
        positions = {account: _positions(layout, account, small, findings) for account in layout.formats}
        states = {account: _state(layout, account, small, findings) for account in layout.states}
        errors = _errors(layout.errors, small, findings)
        found = _told_once(groups, layout.accounts)
        problems = [*layout.problems, *itertools.chain(*(g.problems for g in groups.values())), *found.problems]
        problems += _not_held(found.copies, positions, layout)
        return Snapshot(
            accounts=tuple(found.accounts),
            table=found.table,
            problems=tuple(problems + findings.problems()),
            formats={account: form for account, form in layout.formats.items() if account not in found.copies},
            positions={a: held for a, held in positions.items() if held.state != "absent" and a not in found.copies},
            states={account: state for account, state in states.items() if account not in found.copies},
            heartbeat=_heartbeat(layout, small),
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

    def _group(self, name: str, trades: TradeFiles) -> Group:
        group = self._groups.get(name) or self._index.load(name)
        if group.signature == trades.signature:
            return group
        return self._index.store(name, refreshed(group, trades, self.bucket))

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


def _told_once(groups: Mapping[str, Group], accounts: list[str]) -> Once:
    places = {account: index for index, account in enumerate(accounts)}
    counts = [count for group in groups.values() for count in group.counts]
    owners = np.array([places[account] for account, _ in counts], np.int32)
    column = pa.array(np.repeat(owners, [rows for _, rows in counts]), pa.int32())
    table = pa.concat_tables([ROWS.empty_table(), *(group.table for group in groups.values())])
    table = table.append_column(TRADES.field("account"), pa.chunked_array([column]))
    return told_once(table, FilesOf(groups.values()), accounts)


def _positions(layout: Layout, account: str, small: Mapping[str, bytes], findings: Findings) -> Positions:
    if account in layout.unclear:
        return Positions("unreadable", reason=layout.unclear[account])
    file = layout.positions.get(account)
    if file is None:
        return Positions("absent")
    data = small.get(file.key)
    found = Positions("unreadable", reason=_NOT_READ) if data is None else read_positions(layout.formats[account], data)
    if found.state == "unreadable":
        findings.tell(file.key, None, f"unreadable positions: {found.reason}")
    return found


def _not_held(copies: Mapping[str, str], positions: Mapping[str, Positions], layout: Layout) -> Iterator[Problem]:
    """What a copy of an account says to hold beyond the account itself: it does not count, and that is reported."""
    for copy, original in copies.items():
        known = positions[original].held if original in positions else ()
        lost = [held.symbol for held in positions[copy].held if held not in known]
        if lost:
            named = f"{', '.join(lost[:5])}{' …' if len(lost) > 5 else ''}"
            why = f"{named} not counted as held: {copy!r} is a copy of {original!r}, whose positions count"
            yield Problem(layout.positions[copy].key, None, why)


def _state(layout: Layout, account: str, small: Mapping[str, bytes], findings: Findings) -> RuntimeState:
    file = layout.states[account]
    data = small.get(file.key)
    found = RuntimeState("unreadable", reason=_NOT_READ) if data is None else read_state(layout.formats[account], data)
    if found.state == "unreadable":
        findings.tell(file.key, None, f"unreadable runtime state: {found.reason}")
    return found


def _errors(files: Sequence[LogFile], small: Mapping[str, bytes], findings: Findings) -> tuple[BotError, ...]:
    found: list[BotError] = []
    for file in files:
        errors, damaged = read_errors(file.account, small.get(file.key, b""))
        found += errors
        if damaged:
            findings.tell(file.key, None, f"{damaged} lines that are not JSON objects; not read")
    return tuple(found)


def _prefix(layout: Layout) -> str:
    traded = (folder.key for trades in layout.trades.values() for folder in trades.folders)
    used = {key.partition("/")[0] for key in itertools.chain(traded, (file.key for file in layout.small))}
    return next((prefix for prefix in reversed(PREFIXES) if prefix in used), PREFIXES[-1])


def _heartbeat(layout: Layout, small: Mapping[str, bytes]) -> Heartbeat:
    if layout.heartbeat is None:
        return Heartbeat("absent")
    form, file = layout.heartbeat
    return read_heartbeat(form, small[file.key]) if file.key in small else Heartbeat("unreadable")
