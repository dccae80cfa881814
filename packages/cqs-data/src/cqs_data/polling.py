"""Polls the newest candles of a series over REST: volumes, which ticks lack, and what a lost connection missed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from cqs_core import Exchange, ExchangeBusy, Series
from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EVERY = 10.0  # seconds between two polls of the same candle
_MOST = 1000  # candles that one poll requests
_PAGES = 12  # requests for them, of an exchange whose pages are short


@dataclass(frozen=True)
class LiveCandle:
    """The newest candle of a series.

    Attributes:
        ts: ms UTC of its open.
        open: price, as are `high`, `low` and `close`.
        volume: in base currency at the last poll; ticks do not include it.
        closed: whether it is finished; every candle comes so once, and again where the exchange corrected it.
    """

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool = False

    @classmethod
    def opening(cls, ts: int, price: float) -> Self:
        """A candle of which only one price is known."""
        return cls(ts, price, price, price, price, 0.0)

    def moved(self, price: float) -> LiveCandle:
        """The candle after a trade at this price."""
        return replace(self, high=max(self.high, price), low=min(self.low, price), close=price)


class Poller:
    """Polls one series.

    Args:
        series: which.
        exchange: an open connection.
        history: closed candles that the first poll requests.

    Attributes:
        under_way: the unfinished candle at the last poll; None if the exchange did not show it.
    """

    def __init__(self, series: Series, exchange: Exchange, history: int) -> None:
        self.under_way: LiveCandle | None = None
        self._series, self._exchange, self._history = series, exchange, history
        self._since: int | None = None  # closed candles before this are final
        self._shown: int | None = None  # open of the newest closed candle that the exchange showed
        self._reported: dict[int, LiveCandle] = {}
        self._ready = False
        self._at = 0.0

    @property
    def due(self) -> bool:
        """Whether the last poll was long ago."""
        return time.monotonic() - self._at > _EVERY

    async def closed(self, opened: int, before: LiveCandle | None) -> list[LiveCandle]:
        """Closed candles that are new or corrected, ascending; the candle that opens at `opened` is unfinished.

        Where the exchange is busy, `before` must do, as its ticks left it.
        """
        self._at, name = time.monotonic(), self._series.interval
        if self._since is None:
            self._since = intervals.next_open(name, opened, -self._history)
        try:
            found = await self._poll(max(self._since, intervals.next_open(name, opened, -_MOST)), opened)
        except ExchangeBusy:
            found = {before.ts: before} if before and before.ts < opened else {}
        self.under_way = found.pop(opened, None)
        return self._new([replace(found[ts], closed=True) for ts in sorted(found)])

    async def _poll(self, start: int, opened: int) -> dict[int, LiveCandle]:
        name = self._series.interval
        if not self._ready:
            await self._exchange.markets()
            self._ready = True
        closed = await self._range(start, opened)
        if self._shown is not None and start <= self._shown < opened and self._shown not in closed:
            raise ExchangeBusy(f"{self._series.exchange} shows no candles of {self._series.market} any more")
        now = await self._range(
            opened, intervals.next_open(name, opened)
        )  # a separate request: this candle changes between two answers
        self._shown = max(closed, default=self._shown)
        # Asked again: the newest may have to settle, and that none came after it is never the last word.
        self._since = max(start, self._shown or start)
        return closed | now

    async def _range(self, start: int, end: int) -> dict[int, LiveCandle]:
        """Candles that open in `[start, end)`, in as many pages as it takes."""
        found: dict[int, LiveCandle] = {}
        for _ in range(_PAGES):
            if start >= end:
                break
            page = await self._exchange.page(self._series.market, self._series.interval, start, end)
            found |= {candle.ts: candle for candle in map(_candle, page.rows) if start <= candle.ts < end}
            start, end = (page.end, end) if page.start <= start else (start, page.start)
        return found

    def _new(self, closed: Sequence[LiveCandle]) -> list[LiveCandle]:
        new = [candle for candle in closed if self._reported.get(candle.ts) != candle]
        self._reported = _newest(self._reported | {candle.ts: candle for candle in new}, self._since)
        return new


def _newest(reported: Mapping[int, LiveCandle], since: int | None) -> dict[int, LiveCandle]:
    return {ts: candle for ts, candle in reported.items() if since is None or ts >= since}


def _candle(row: Sequence[float | None]) -> LiveCandle:
    ts, opened, high, low, close, volume = (value or 0.0 for value in row)
    return LiveCandle(int(ts), opened, high, low, close, volume)
