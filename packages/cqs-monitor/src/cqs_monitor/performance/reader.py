"""One reader of a bucket's logs for all pages of a process: a bucket that stalls holds one thread, and no page."""

from __future__ import annotations

import functools
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cqs_core import Bucket, CqsError
from cqs_core.time.clock import now
from cqs_monitor.logs.history import logs_of
from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.performance.holdings import symbols_held
from cqs_monitor.performance.prices import Price, Ticker, last_candles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

_CANDLES_FOR = 30.0  # seconds for which prices from candles serve


@dataclass(frozen=True, eq=False)
class Reading:
    """What is known now.

    Attributes:
        snapshot: of the last reading that succeeded; empty before the first.
        prices: last ones by symbol, of what is held.
        at: ms UTC of that reading; None before the first.
        waiting: whether the exchange was asked for prices for the first time, and has not answered yet.
        stalled: seconds for which the bucket has not answered, 0 where it does.
        error: what the bucket said last, where it refused.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    prices: Mapping[str, Price] = field(default_factory=dict)
    at: int | None = None
    stalled: float = 0.0
    error: str = ""
    waiting: bool = False


class Reader:
    """Reads when asked, one reading at a time, in a thread of its own.

    Args:
        url: of the bucket.
        live: whether the home exchange is asked for prices.
    """

    def __init__(self, url: str, *, live: bool = False) -> None:
        self._url = url
        self._ticker = Ticker() if live else None
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._started: float | None = None
        self._last = Reading()
        self._priced = float("-inf")
        self._candles: Mapping[str, Price] = {}

    def read(self, patience: float = 2.0) -> Reading:
        """What a reading finds; after `patience` seconds what was known before, which says that it waits."""
        with self._lock:
            if self._started is None:
                self._started = time.monotonic()
                self._done.clear()
                threading.Thread(target=self._run, name="cqs-logs", daemon=True).start()
        self._done.wait(patience)
        with self._lock:
            waited = 0.0 if self._started is None else time.monotonic() - self._started
            last = self._last
        return Reading(last.snapshot, last.prices, last.at, waited, last.error, last.waiting)

    def _run(self) -> None:
        found = self._reading()
        with self._lock:
            self._last, self._started = found, None
            self._done.set()

    def _reading(self) -> Reading:
        known = self._last
        try:
            snapshot = logs_of(self._url).refresh()
            prices = self._prices(symbols_held(snapshot))
            return Reading(snapshot, prices, now(), waiting=self._ticker is not None and self._ticker.waiting)
        except CqsError as error:
            return Reading(known.snapshot, known.prices, known.at, error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, pages must hear of it, and go on
            return Reading(known.snapshot, known.prices, known.at, error=f"{type(error).__name__}: {error}")

    def _prices(self, symbols: AbstractSet[str]) -> Mapping[str, Price]:
        if symbols and time.monotonic() - self._priced > _CANDLES_FOR:
            self._candles, self._priced = last_candles(Bucket(self._url), symbols), time.monotonic()
        return {**self._candles, **(self._ticker.latest(symbols) if self._ticker else {})}


@functools.cache
def reader_of(url: str, *, live: bool = False) -> Reader:
    """This process's reader of a bucket."""
    return Reader(url, live=live)
