"""Exchanges that page backwards: the last N candles before a time, and none for bars without trades."""

from __future__ import annotations

from typing import Any

from cqs_core import Page
from cqs_core.time import clock, intervals
from cqs_data.exchanges.unified import CcxtExchange, Row, opened


class PagesBackwards(CcxtExchange):
    """Asks for `count` candles before `to`, as Upbit and Bithumb want it."""

    @staticmethod
    def belongs(candle: Any, market: str, interval: str) -> bool:
        """Candles name their market, and those of minutes their unit."""
        unit = candle.get("unit")
        of_unit = unit is None or f"{unit}m" == interval or f"{unit // 60}h" == interval
        return bool(candle.get("market", market) == market and of_unit)

    def to(self, end: int) -> str:
        """The exclusive end as the exchange reads it."""
        return clock.iso(end).replace("+00:00", "Z")

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The tail of `[start, end)`, down to its first candle; that none is after its last one must be said twice."""
        low, start = start, max(start, self.depth.oldest(market, interval))
        if start >= end:
            return Page([], low, end, since=end)
        count = min(self.caps.most(market, interval), intervals.count(interval, start, end))
        rows = await self._before(market, interval, end, count)
        found = [row for row in rows if opened(row) >= start]
        again = rows if len(found) == count else await self._before(market, interval, end, count)
        quiet = not found or self.reach(interval, found, end) < end
        newest = await self._before(market, interval, end, 2) if quiet else rows
        tail = [row for row in newest if not rows or opened(row) >= opened(rows[-1])]
        growing = [at for one in ((rows, again), (rows[-1:], tail)) if (at := self.growing(market, interval, *one))]
        if growing and await self._newest(market, interval) > growing[0]:
            raise self.contradicted(market)
        if growing:
            found = [row for row in found if opened(row) < growing[0]]
            return Page(found, max(start, opened(rows[0])), end, growing[0])
        if not rows and await self.depth.ends(market, interval, start, end):
            return Page([], low, end, since=end)
        return Page(found, max(start, opened(rows[0])) if rows else start, end)

    async def rows_from(self, market: str, interval: str, start: int) -> list[Row]:
        size = self.caps.most(market, interval)
        return await self._before(market, interval, intervals.next_open(interval, start, size), size)

    async def _newest(self, market: str, interval: str) -> int:
        """Open of the newest candle but for one that came just now, ms UTC."""
        rows = await self._before(market, interval, self.now(), 2)
        return opened(rows[0]) if rows else 0

    async def oldest(self, market: str, interval: str) -> list[Row]:
        """The newest candles, which are all there are if the bars are long enough."""
        return await self._before(market, interval, self.now(), self.caps.most(market, interval))

    async def _before(self, market: str, interval: str, end: int, count: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, None, count, {"to": self.to(end)})
        if len(rows) > count or any(opened(row) >= end for row in rows):
            raise self.unasked(market, rows)
        return rows
