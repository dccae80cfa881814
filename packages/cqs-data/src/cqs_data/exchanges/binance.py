"""Binance spot: pages forwards from `startTime`, 1000 candles at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cqs_core import ExchangeBusy, Page, intervals, times
from cqs_data.exchanges.unified import CcxtExchange, Row


class Binance(CcxtExchange):
    """Binance, spot."""

    id: ClassVar[str] = "binance"
    title: ClassVar[str] = "Binance"
    id_form: ClassVar[str] = "BASEQUOTE"
    page_size: ClassVar[int] = 1000
    tested: ClassVar[str] = "held against recorded responses and its documentation"
    ccxt_options: ClassVar[Mapping[str, Any]] = {"fetchMarkets": {"types": ["spot"]}}

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The head of `[start, end)`, which skips to the first candle; a short answer must be given twice."""
        count = min(self.page_size, intervals.count(interval, start, end))
        rows = await self._after(market, interval, start, end, count)
        if len(rows) < count and rows != await self._after(market, interval, start, end, count):
            raise ExchangeBusy(f"{self.id} answers the same question about {market} in two ways")
        full = len(rows) == count and count > 0
        return Page(rows, start, self._reach(interval, rows, end) if full else end)

    async def _after(self, market: str, interval: str, start: int, end: int, count: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, start, count, {"until": end - 1})
        if rows and not start <= (rows[0][0] or 0) <= (rows[-1][0] or 0) < end:
            raise ExchangeBusy(
                f"{self.id} answered with candles of {market} outside {times.iso(start)}, {times.iso(end)}"
            )
        return rows
