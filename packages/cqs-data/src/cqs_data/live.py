"""Live prices: ticks and the candle under way, over an exchange's websocket (ccxt.pro), reconnecting for ever.

async for tick in ticks("upbit", ["BTC/KRW"]):
    ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cqs_core import ExchangeBusy, Series, intervals, plugins, times
from cqs_data.exchanges.connection import check_endpoint, connect, speaking

if TYPE_CHECKING:
    from cqs_core import Exchange

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # seconds before connecting again


@dataclass(frozen=True)
class Tick:
    """A last price.

    Attributes:
        market: unified name.
        ts: ms UTC, as the exchange says it.
        price: in quote currency.
        volume: traded in 24 hours, in quote currency; None where the exchange does not say.
    """

    market: str
    ts: int
    price: float
    volume: float | None


@dataclass(frozen=True)
class LiveCandle:
    """The newest candle of a series.

    Attributes:
        ts: ms UTC of its open.
        open: price, as are `high`, `low` and `close`.
        volume: in base currency at the time of the last look over REST; ticks do not tell it.
        closed: whether it is finished; every candle comes so once.
    """

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool = False

    def moved(self, price: float) -> LiveCandle:
        """The candle after a trade at this price."""
        return replace(self, high=max(self.high, price), low=min(self.low, price), close=price)


async def ticks(exchange: str, markets: Sequence[str], endpoint: str | None = None) -> AsyncIterator[Tick]:
    """Ticks of some markets as they come; ends only when the caller does.

    Args:
        exchange: its id.
        markets: unified names.
        endpoint: base URL instead of the real exchange.

    Raises:
        UnknownName: no such exchange.
        ExchangeError: it refuses, for instance because a market is unknown.
    """
    kind, pause = plugins().exchange(exchange), _FIRST_PAUSE
    while True:
        client = connect(kind.id, check_endpoint(endpoint), _options(kind), live=True)
        try:
            async for tick in _watched(client, list(markets)):
                pause = _FIRST_PAUSE
                yield tick
        except ExchangeBusy:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
        finally:
            await client.close()


async def live_candles(series: Series, endpoint: str | None = None) -> AsyncIterator[LiveCandle]:
    """The candle under way after every tick, and each candle once more when it is closed.

    Closed candles are asked for over REST, so that they are the exchange's own.
    """
    candle: LiveCandle | None = None
    async with aclosing(_ticks_of(series, endpoint)) as stream:
        async for tick in stream:
            opened = intervals.floor(series.interval, tick.ts)
            if candle is None or opened > candle.ts:
                before, candle = await _look(series, endpoint, candle, opened, tick.price)
                if before is not None:
                    yield before
            candle = candle.moved(tick.price)
            yield candle


def _ticks_of(series: Series, endpoint: str | None) -> Any:
    return ticks(series.exchange, [series.market], endpoint)


async def _watched(client: Any, markets: list[str]) -> AsyncIterator[Tick]:
    async with speaking(client):
        await client.load_markets()
    many = bool(client.has.get("watchTickers")) and len(markets) > 1
    while True:
        async with speaking(client):
            found = await client.watch_tickers(markets) if many else await client.watch_ticker(markets[0])
        for ticker in found.values() if many else [found]:
            if ticker["last"] is not None:
                at = int(ticker["timestamp"] or times.now())
                yield Tick(ticker["symbol"], at, float(ticker["last"]), ticker.get("quoteVolume"))


async def _look(
    series: Series, endpoint: str | None, before: LiveCandle | None, opened: int, price: float
) -> tuple[LiveCandle | None, LiveCandle]:
    """The candle that just closed, if there was one, and the one under way, as REST tells them."""
    known: dict[int, LiveCandle] = {}
    try:
        async with plugins().exchange(series.exchange)(endpoint) as exchange:
            await exchange.markets()
            start, end = (intervals.next_open(series.interval, opened, n) for n in (-1, 1))
            page = await exchange.page(series.market, series.interval, start, end)
        known = {int(row[0] or 0): _candle(row) for row in page.rows}
    except ExchangeBusy:
        pass  # the ticks go on; what they showed must do
    closed = known.get(before.ts, before) if before else None
    fresh = known.get(opened, LiveCandle(opened, price, price, price, price, 0.0))
    return (replace(closed, closed=True) if closed else None), fresh


def _candle(row: Sequence[float | None]) -> LiveCandle:
    ts, opened, high, low, close, volume = (value or 0.0 for value in row)
    return LiveCandle(int(ts), opened, high, low, close, volume)


def _options(kind: type[Exchange]) -> dict[str, Any]:
    return dict(getattr(kind, "ccxt_options", {}))
