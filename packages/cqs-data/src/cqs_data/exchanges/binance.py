"""Binance spot: pages forwards from `startTime`, 1000 candles at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from cqs_core import Page
from cqs_core.time import intervals
from cqs_data.exchanges.unified import CcxtExchange, Row, opened, up_to

if TYPE_CHECKING:
    from collections.abc import Mapping


class Binance(CcxtExchange):
    """Binance, spot."""

    id: ClassVar[str] = "binance"
    title: ClassVar[str] = "Binance"
    id_form: ClassVar[str] = "BASEQUOTE"
    page_size: ClassVar[int] = 1000
    tested: ClassVar[str] = "checked against recorded responses and its documentation"
    ccxt_options: ClassVar[Mapping[str, Any]] = {"fetchMarkets": {"types": ["spot"]}}

    @staticmethod
    def belongs(candle: Any, market: str, interval: str) -> bool:  # noqa: ARG004 - candles do not name it
        """Candles say when they close, which may be early but never late."""
        ts = int(candle[0])
        stray = ts - intervals.floor(interval, ts)  # of a candle that opens between two others
        return len(candle) <= 6 or int(candle[6]) < intervals.next_open(interval, ts) + stray

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The head of `[start, end)`, up to its last candle; that none is before its first one is asked backwards."""
        low, start = start, max(start, self.depth.oldest(market, interval))
        if start >= end:
            return Page([], low, end, since=end)
        count = min(self.caps.most(market, interval), intervals.count(interval, start, end))
        rows, growing = await self.confirmed(
            market, interval, count, lambda: self._after(market, interval, start, end, count)
        )
        if growing is not None:
            return replace(up_to(growing, rows, start, end), start=low, since=start)
        first = opened(rows[0]) if rows else end
        before = await self._newest(market, interval, first) if first > start else start
        if first > start and before >= start:
            raise self.contradicted(market)
        if not before and await self.depth.ends(market, interval, start, first):
            start = first
        return Page(rows, low, self.reach(interval, rows, end), since=start)

    async def _after(self, market: str, interval: str, start: int, end: int, count: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, start, count, {"until": end - 1})
        if len(rows) > count or any(not start <= opened(row) < end for row in rows):
            raise self.unasked(market, rows)
        return rows

    async def _newest(self, market: str, interval: str, end: int) -> int:
        """Open of the newest candle before `end`; 0 where there is none."""
        rows = await self.ohlcv(market, interval, None, 1, {"until": end - 1})
        if len(rows) > 1 or any(opened(row) >= end for row in rows):
            raise self.unasked(market, rows)
        return opened(rows[0]) if rows else 0
