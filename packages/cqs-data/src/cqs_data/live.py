"""Live prices: ticks and the candle under way, over an exchange's websocket (ccxt.pro), reconnecting for ever.

async for tick in ticks("upbit", ["BTC/KRW"]):
    ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_core import ExchangeBusy, Series, plugins
from cqs_core.host import connection
from cqs_core.time import clock, intervals
from cqs_data.exchanges.connection import check_endpoint, connect, no_live_prices, speaking
from cqs_data.polling import LiveCandle, Poller

if TYPE_CHECKING:
    from cqs_core import Exchange

__all__ = ["LiveCandle", "Tick", "live_candles", "ticks"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # seconds before connecting again
Waiting = Callable[[ExchangeBusy], None]


@dataclass(frozen=True)
class Tick:
    """A last price.

    Attributes:
        market: unified name.
        ts: ms UTC, as the exchange says it.
        price: in quote currency.
        volume: traded in 24 hours, in quote currency; None where the exchange does not say.
        change: percent, over 24 hours or since its day began, as the exchange counts; None where it does not say.
    """

    market: str
    ts: int
    price: float
    volume: float | None
    change: float | None = None


async def ticks(
    exchange: str,
    markets: Sequence[str],
    endpoint: str | None = None,
    waiting: Waiting | None = None,
    *,
    unknown_ok: bool = False,
) -> AsyncIterator[Tick]:
    """Ticks of some markets as they come; ends only when the caller does.

    Args:
        exchange: its id.
        markets: unified names.
        endpoint: base URL instead of the real exchange.
        waiting: called with the reason whenever the connection is lost, before it is made again.
        unknown_ok: whether markets that the exchange does not have are left out, unless it has none of them.

    Raises:
        UnknownName: no such exchange.
        ExchangeError: it refuses, for instance because a market is unknown, or has no ticks that ccxt can follow.
    """
    kind, pause = plugins().exchange(exchange), _FIRST_PAUSE
    while True:
        client = connect(kind.id, check_endpoint(endpoint), _options(kind), live=True)
        try:
            async for tick in _watched(client, list(markets), unknown_ok=unknown_ok):
                pause = _FIRST_PAUSE
                yield tick
        except ExchangeBusy as busy:
            if waiting is not None:
                waiting(busy)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
        finally:
            await client.close()


async def live_candles(
    series: Series, endpoint: str | None = None, *, history: int = 0, waiting: Waiting | None = None
) -> AsyncIterator[LiveCandle]:
    """The candle under way after every tick, and each candle once more when it is closed.

    What holds:

    - Closed candles are the exchange's own, asked over REST at the first tick after them; one that the exchange
      corrects comes again. Those that a lost connection missed come too, up to a thousand. While REST does not answer,
      a candle closes with what its ticks showed, and is corrected when REST does.
    - The candle under way is the exchange's own at each poll over REST (when it opens, then every ten seconds while
      there are ticks), volume included. In between ticks move high, low and close. Volume stays, since ticks
      do not include it, and an extreme between two ticks is missed until the next poll.
    - Where nothing trades nothing comes: a candle closes with the first tick after it, by the exchange's clock.

    Args:
        series: which.
        endpoint: base URL instead of the real exchange.
        history: closed candles to begin with, oldest first.
        waiting: called with the reason whenever the connection is lost, before it is made again.

    Raises:
        CqsError: as `ticks`, or because the exchange has no candles of this interval.
    """
    candle: LiveCandle | None = None
    stream = ticks(series.exchange, [series.market], endpoint, waiting)
    async with (
        connection(plugins().exchange(series.exchange), endpoint) as exchange,
        aclosing(_closing(stream)) as coming,
    ):
        poller = Poller(series, exchange, history)
        async for tick in coming:
            opened = intervals.floor(series.interval, tick.ts)
            if candle is None or opened > candle.ts or poller.due:
                at = max(opened, candle.ts if candle else 0)
                for closed in await poller.closed(at, candle):
                    yield closed
                candle = poller.under_way or _still(candle, at) or LiveCandle.opening(at, tick.price)
            if opened == candle.ts:
                candle = candle.moved(tick.price)
            yield candle


def _closing(stream: AsyncIterator[Tick]) -> Any:
    """An async generator, which its type does not say."""
    return stream


def _still(candle: LiveCandle | None, opened: int) -> LiveCandle | None:
    return candle if candle and candle.ts == opened else None


async def _watched(client: Any, markets: list[str], *, unknown_ok: bool) -> AsyncIterator[Tick]:
    if not client.has.get("watchTicker"):
        raise no_live_prices(client.id)
    async with speaking(client):
        await client.load_markets()
    if unknown_ok:
        markets = [market for market in markets if market in client.markets] or markets
    many = bool(client.has.get("watchTickers")) and len(markets) > 1
    while True:
        async with speaking(client):
            found = await client.watch_tickers(markets) if many else await client.watch_ticker(markets[0])
        for ticker in found.values() if many else [found]:
            if ticker["last"] is not None:
                at = int(ticker["timestamp"] or clock.now())
                volume, change = ticker.get("quoteVolume"), ticker.get("percentage")
                yield Tick(ticker["symbol"], at, float(ticker["last"]), volume, change)


def _options(kind: type[Exchange]) -> dict[str, Any]:
    return dict(getattr(kind, "ccxt_options", {}))
