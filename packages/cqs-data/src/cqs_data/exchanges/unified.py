"""Any exchange through stock ccxt: the base of those refined here, and good enough for most others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from cqs_core import Exchange, ExchangeBusy, Listing, Page, UsageError, intervals, times
from cqs_data.exchanges.connection import connect, server_skew, speaking

Row = Sequence[float | None]
EARLIEST = 1_262_304_000_000  # 2010-01-01: no exchange has older candles


class CcxtExchange(Exchange):
    """An exchange by its ccxt id.

    Attributes:
        page_size: candles in one answer at most.
        ccxt_options: what its ccxt class is given besides the endpoint.
    """

    page_size: ClassVar[int] = 500
    ccxt_options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, endpoint: str | None = None) -> None:
        super().__init__(endpoint)
        self._skew = 0
        self._client: Any = None
        self._firsts: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self._client = connect(self.id, self.endpoint, self.ccxt_options)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    def now(self) -> int:
        """Never ahead of this machine's clock, nor of the exchange's."""
        return times.now() + self._skew

    async def markets(self) -> Mapping[str, Listing]:
        async with speaking(self._client):
            await self._client.load_markets()
        self._skew = min(0, server_skew(self._client))
        found = self._client.markets.values()
        return {m["symbol"]: Listing(m["symbol"], m["id"], m["active"] is not False) for m in found}

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The head of `[start, end)`; an answer that is short is asked for twice before it is believed."""
        stop = min(end, intervals.next_open(interval, start, self.page_size))
        rows = await self._confirmed(market, interval, start, stop)
        if not rows and stop < end and start < await self._first(market, interval):
            return Page([], start, min(end, max(stop, await self._first(market, interval))))
        return Page(rows, start, self._reach(interval, rows, stop))

    async def volumes(self) -> Mapping[str, float]:
        async with speaking(self._client):
            tickers = await self._client.fetch_tickers()
        return {name: float(t["quoteVolume"] or 0) for name, t in tickers.items()}

    async def price(self, market: str) -> float:
        async with speaking(self._client):
            ticker = await self._client.fetch_ticker(market)
        return float(ticker["last"])

    async def _first(self, market: str, interval: str) -> int:
        """Open of the market's first candle by its longest bars, so that years before it are not paged through."""
        if market not in self._firsts:
            longest = next(i for i in ("1M", "1w", "1d", interval) if i in self._client.timeframes)
            rows = await self.ohlcv(market, longest, EARLIEST, self.page_size)
            self._firsts[market] = int(rows[0][0] or 0) if rows else EARLIEST
        return intervals.floor(interval, self._firsts[market])

    async def _confirmed(self, market: str, interval: str, start: int, end: int) -> list[Row]:
        """Rows of a range; fewer than there could be only if two answers agree, so that a torn page is no outage."""
        rows = await self._rows(market, interval, start, end)
        if len(rows) < intervals.count(interval, start, end) and rows != await self._rows(market, interval, start, end):
            raise ExchangeBusy(f"{self.id} answers the same question about {market} in two ways")
        return rows

    async def _rows(self, market: str, interval: str, start: int, end: int) -> list[Row]:
        rows = await self.ohlcv(market, interval, start, intervals.count(interval, start, end))
        return [row for row in rows if start <= (row[0] or 0) < end]

    def _reach(self, interval: str, rows: Sequence[Row], stop: int) -> int:
        """How far the answer can be believed: to its last candle where it may have been cut."""
        return min(stop, intervals.next_open(interval, int(rows[-1][0] or 0))) if rows else stop

    async def ohlcv(
        self, market: str, interval: str, since: int | None, limit: int, params: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Ccxt's `fetch_ohlcv`: rows as it parsed them, ascending.

        Raises:
            UsageError: the exchange has no candles of this interval.
            ExchangeBusy: what it answered cannot be read.
        """
        if interval not in (self._client.timeframes or {}):
            offered = ", ".join(i for i in intervals.INTERVALS if i in (self._client.timeframes or {}))
            raise UsageError(
                f"{self.id} has no candles of {interval!r}; it has {offered or 'none that the lake stores'}"
            )
        async with speaking(self._client):
            rows = await self._client.fetch_ohlcv(market, interval, since, limit, dict(params or {}))
        if not isinstance(rows, list) or any(len(row) != 6 or row[0] is None for row in rows):
            raise ExchangeBusy(f"{self.id} answered something about {market} that is no candles")
        return rows
