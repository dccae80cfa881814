"""Exchanges that page backwards: so many candles before a time, none where nothing traded."""

from __future__ import annotations

from cqs_core import Page, intervals, times
from cqs_data.exchanges.unified import CcxtExchange, Row, opened


class PagesBackwards(CcxtExchange):
    """Asks for `count` candles before `to`, as Upbit and Bithumb want it."""

    def to(self, end: int) -> str:
        """The exclusive end as the exchange reads it."""
        return times.iso(end).replace("+00:00", "Z")

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The tail of `[start, end)`, down to its first candle; that none is after its last one must be said twice."""
        count = min(self.page_size, intervals.count(interval, start, end))
        rows = await self.confirmed(market, count, lambda: self._before(market, interval, end, count))
        quiet = not rows or self.reach(interval, rows, end) < end
        if quiet and rows[-1:] != await self._before(market, interval, end, 1):
            raise self.contradicted(market)
        answered = max(start, opened(rows[0])) if rows else start
        return Page([row for row in rows if opened(row) >= start], answered, end)

    async def oldest(self, market: str, interval: str) -> list[Row]:
        """The newest candles, which are all there are if the bars are long enough."""
        return await self._before(market, interval, self.now(), self.page_size)

    async def _before(self, market: str, interval: str, end: int, count: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, None, count, {"to": self.to(end)})
        if len(rows) > count or any(opened(row) >= end for row in rows):
            raise self.unasked(market, rows)
        return rows
