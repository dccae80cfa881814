"""Exchanges that page backwards: so many candles before a time, none where nothing traded."""

from __future__ import annotations

from cqs_core import ExchangeBusy, Page, intervals, times
from cqs_data.exchanges.unified import CcxtExchange, Row


class PagesBackwards(CcxtExchange):
    """Asks for `count` candles before `to`, as Upbit and Bithumb want it."""

    def to(self, end: int) -> str:
        """The exclusive end as the exchange reads it."""
        return times.iso(end).replace("+00:00", "Z")

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The tail of `[start, end)`; fewer candles than asked, twice, mean that there are no older ones."""
        count = min(self.page_size, intervals.count(interval, start, end))
        rows = await self._before(market, interval, end, count)
        if len(rows) < count and rows != await self._before(market, interval, end, count):
            raise ExchangeBusy(f"{self.id} answers the same question about {market} in two ways")
        answered = start if len(rows) < count else max(start, int(rows[0][0] or 0))
        return Page([row for row in rows if (row[0] or 0) >= start], answered, end)

    async def _before(self, market: str, interval: str, end: int, count: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, None, count, {"to": self.to(end)})
        if rows and (rows[-1][0] or 0) >= end:
            raise ExchangeBusy(
                f"{self.id} answered with candles of {market} after {times.iso(end)}, which was not asked"
            )
        return rows
