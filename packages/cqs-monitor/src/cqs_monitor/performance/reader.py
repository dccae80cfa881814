"""The reader of a bucket's logs, one for all pages, commands and rules of a process, with its figures.

A bucket that stalls holds one thread, and no page.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from cqs_core import Bucket, CqsError
from cqs_core.time.clock import now
from cqs_monitor.logs.history import Logs
from cqs_monitor.logs.snapshot import Rows, Snapshot
from cqs_monitor.performance.holdings import symbols_held
from cqs_monitor.performance.prices import Price, Ticker, last_candles, live_prices
from cqs_monitor.performance.reconciliation import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cqs_core import LogFormat
    from cqs_monitor.performance.prices import Priced
    from cqs_monitor.performance.reconciliation import Finding

_T = TypeVar("_T")
_KEPT = 64  # figures: of some choices of accounts, fees and days
_CANDLES_FOR = 30.0  # seconds for which prices from candles serve


class Figures:
    """Figures of one snapshot, each computed once, and only where its rows changed; threads may share it.

    Args:
        snapshot: of which.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot or Snapshot()
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}  # with what it was made of
        self._lasting: dict[Hashable, tuple[Hashable, Any]] = {}
        self._making: dict[Hashable, threading.RLock] = {}
        self._reconciled: dict[str, tuple[object, tuple[Finding, ...]]] = {}
        self._lock = threading.Lock()

    def followed_by(self, snapshot: Snapshot) -> Figures:
        """Those of the next snapshot: what an account's rows did not change is taken over, and what is lasting."""
        made = Figures(snapshot)
        made._lasting, made._lock = self._lasting, self._lock  # what is still being made for the old one serves as well
        with self._lock:
            made._reconciled |= self._reconciled
        return made

    def once(self, key: Hashable, make: Callable[[], _T], *, lasting: Hashable = None) -> _T:
        """The result of `make`, called at the first call with this key; the last ones are kept.

        Threads that ask while it is being made wait for it. What raises is not kept.

        Args:
            key: of what is made.
            make: makes it.
            lasting: all that it is made of besides the key: it is kept for the snapshots that follow, too, and made
                again when this changes.
        """
        with self._lock:
            if (known := self._known(key, lasting)) is not None:
                return known[1]  # type: ignore[no-any-return]
            turn = self._making.setdefault(key, threading.RLock())
        with turn:
            with self._lock:
                if (known := self._known(key, lasting)) is not None:
                    return known[1]  # type: ignore[no-any-return]
            try:
                made = make()
                with self._lock:
                    self._keep(key, lasting, made)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made

    def _known(self, key: Hashable, lasting: Hashable) -> tuple[Hashable, Any] | None:
        known = self._of(lasting).get(key)
        return known if known is not None and known[0] == lasting else None

    def _keep(self, key: Hashable, lasting: Hashable, made: Any) -> None:
        kept = self._of(lasting)
        kept.pop(key, None)  # what is made anew is the newest
        kept[key] = lasting, made
        if len(kept) > _KEPT:
            del kept[next(iter(kept))]

    def _of(self, lasting: Hashable) -> dict[Hashable, tuple[Hashable, Any]]:
        return self._kept if lasting is None else self._lasting

    def mark(self, account: str) -> Hashable:
        """Changes when the account's rows or their format do."""
        return self.snapshot.formats.get(account), self.once(("mark", account), lambda: _digest(self.snapshot, account))

    def rows(self, day_start: int | str | None = None) -> Rows:
        """All trades, on days as `Rows.day_start` says."""
        return self.once(("rows", day_start), lambda: replace(self.snapshot.rows, day_start=day_start))

    def findings(self, account: str) -> Sequence[Finding]:
        """Differences between the account's positions and trades."""
        snapshot = self.snapshot
        made_of = (self._sums[account], snapshot.held(account))
        known = self._reconciled.get(account)
        if known is None or known[0] != made_of:
            found = reconcile(account, snapshot.only(account), snapshot.held(account))
            with self._lock:
                self._reconciled[account] = known = (made_of, tuple(found))
        return known[1]

    @functools.cached_property
    def _sums(self) -> Mapping[str, tuple[float, ...]]:
        """By account, the number of its rows and sums of their figures: they change when the rows do."""
        rows, size = self.snapshot.rows, len(self.snapshot.accounts)
        weights = (None, rows.table["quantity"].to_numpy(), rows.amount)
        sums = [np.bincount(rows.account, weights=one, minlength=size).tolist() for one in weights]
        return dict(zip(rows.accounts, zip(*sums, strict=True), strict=True))


def _digest(snapshot: Snapshot, account: str) -> bytes:
    """A digest of all that the rows of an account say."""
    told = pa.BufferOutputStream()
    rows = snapshot.only(account).drop_columns("account").combine_chunks()
    with pa.ipc.new_stream(told, rows.schema) as stream:
        stream.write_table(rows)
    return hashlib.blake2b(told.getvalue(), digest_size=16).digest()


@dataclass(frozen=True, eq=False)
class Reading:
    """The current state of knowledge.

    Attributes:
        figures: of the last reading that succeeded; of nothing before the first.
        prices: last ones of what is held.
        at: ms UTC of that reading; None before the first.
        stalled: seconds for which the bucket has not answered, 0 where it does.
        error: what the bucket said last, where it refused.
        waiting: whether the exchange was asked for prices for the first time, and has not answered yet.
    """

    figures: Figures = field(default_factory=Figures)
    prices: Mapping[Priced, Price] = field(default_factory=dict)
    at: int | None = None
    stalled: float = 0.0
    error: str = ""
    waiting: bool = False

    @property
    def snapshot(self) -> Snapshot:
        """The logs of that reading."""
        return self.figures.snapshot


class Reader:
    """Reads when asked: at once with `refresh`, or with `read` for pages, one reading at a time, in its own thread.

    Args:
        url: of the bucket.
    """

    def __init__(self, url: str) -> None:
        self.logs = Logs(Bucket(url))
        self._ticker = Ticker()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._started: float | None = None
        self._figures = Figures()
        self._last = Reading()
        self._priced = float("-inf")
        self._candles: Mapping[Priced, Price] = {}

    @property
    def formats(self) -> Mapping[str, LogFormat]:
        """By account, as of the last reading."""
        return self._figures.snapshot.formats

    def refresh(self) -> Figures:
        """Read the logs now.

        Raises:
            BucketError: the bucket cannot be listed.
        """
        snapshot = self.logs.refresh()
        with self._lock:
            if snapshot is not self._figures.snapshot:
                self._figures = self._figures.followed_by(snapshot)
            return self._figures

    def prices(self, *, live: bool = False) -> Mapping[Priced, Price]:
        """Last prices of what is held, from candles; `live` asks the exchanges, and waits for them."""
        symbols = symbols_held(self._figures.snapshot)
        return last_candles(self.logs.bucket, symbols) | (live_prices(symbols) if live else {})

    def read(self, timeout: float = 2.0, *, live: bool = False) -> Reading:
        """The result of a reading; after `timeout` seconds the previous one, marked as stalled.

        Args:
            timeout: seconds.
            live: whether exchanges are asked for prices; their answers are in later readings.
        """
        with self._lock:
            if self._started is None:
                self._started = time.monotonic()
                self._done.clear()
                threading.Thread(target=self._run, args=(live,), name="cqs-logs", daemon=True).start()
        self._done.wait(timeout)
        with self._lock:
            waited = 0.0 if self._started is None else time.monotonic() - self._started
            return replace(self._last, stalled=waited)

    def _run(self, live: bool) -> None:
        found = self._reading(live=live)
        with self._lock:
            self._last, self._started = found, None
            self._done.set()

    def _reading(self, *, live: bool) -> Reading:
        try:
            figures = self.refresh()
            prices = self._cached_prices(symbols_held(figures.snapshot), live=live)
            return Reading(figures, prices, now(), waiting=live and self._ticker.waiting)
        except CqsError as error:
            return replace(self._last, error=str(error), waiting=False)
        except Exception as error:  # noqa: BLE001 - whatever it is, pages must hear of it, and go on
            return replace(self._last, error=f"{type(error).__name__}: {error}", waiting=False)

    def _cached_prices(self, symbols: AbstractSet[Priced], *, live: bool) -> Mapping[Priced, Price]:
        if symbols and time.monotonic() - self._priced > _CANDLES_FOR:
            self._candles, self._priced = last_candles(self.logs.bucket, symbols), time.monotonic()
        latest = self._ticker.latest(symbols) if live else {}
        known = {key: self._candles[key].trend for key in latest.keys() & self._candles.keys()}
        return {**self._candles, **{key: replace(one, trend=known.get(key, ())) for key, one in latest.items()}}


@functools.cache
def reader_of(url: str) -> Reader:
    """This process's one reader of a bucket: everything that asks shares what it has read."""
    return Reader(url)
