"""The reader of a bucket's logs, one for all pages, commands and rules of a process.

A bucket that stalls holds one thread, and no page.
"""

from __future__ import annotations

import functools
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cqs_core import Bucket, CqsError
from cqs_core.time.clock import now
from cqs_monitor.logs.history import Logs
from cqs_monitor.performance.figures import Figures
from cqs_monitor.performance.holdings import symbols_held
from cqs_monitor.performance.prices import Price, Ticker, last_candles, live_prices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from cqs_core import LogFormat
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.prices import Priced

_CANDLES_FOR = 30.0  # seconds for which prices from candles serve


@dataclass(frozen=True, eq=False)
class Reading:
    """What is known now.

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
        """What the files say."""
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
        """What the files say now.

        Raises:
            BucketError: the bucket cannot be listed.
        """
        snapshot = self.logs.refresh()
        with self._lock:
            if snapshot is not self._figures.snapshot:
                self._figures = Figures(snapshot, self._figures)
            return self._figures

    def prices(self, *, live: bool = False) -> Mapping[Priced, Price]:
        """Last prices of what is held, from candles; `live` asks the exchanges, and waits for them."""
        symbols = symbols_held(self._figures.snapshot)
        return last_candles(self.logs.bucket, symbols) | (live_prices(symbols) if live else {})

    def read(self, timeout: float = 2.0, *, live: bool = False) -> Reading:
        """What a reading finds; after `timeout` seconds what was known before, which says that it waits.

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
        return {**self._candles, **(self._ticker.latest(symbols) if live else {})}


@functools.cache
def reader_of(url: str) -> Reader:
    """This process's one reader of a bucket: everything that asks shares what it has read."""
    return Reader(url)
