"""Live prices over the sandbox's websockets, through ccxt.pro."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing

import pytest

from cqs_core import ExchangeError, Series, UnknownName
from cqs_core.testing.ports import free_port
from cqs_core.time import clock
from cqs_core.time.intervals import MINUTE
from cqs_data.live import live_candles, ticks
from cqs_data.sandbox import Sandbox, Synthetic

pytestmark = pytest.mark.once


async def take(stream, count, seconds=90.0):
    got = []
    async with asyncio.timeout(seconds), aclosing(stream):
        async for item in stream:
            got.append(item)
            if len(got) >= count:
                return got
    return got


@pytest.mark.parametrize(("exchange", "markets"), [("upbit", ["BTC/KRW", "SOL/KRW"]), ("binance", ["ETH/USDT"])])
async def test_ticks_come(exchange, markets, sandbox):
    got = await take(ticks(exchange, markets, sandbox.url), 6)
    assert {tick.market for tick in got} == set(markets)
    source = Synthetic()
    for tick in got:
        assert tick.ts == pytest.approx(clock.now(), abs=90_000)
        now = source.bars(exchange, tick.market, "1h", clock.now() - 2 * 60 * MINUTE, clock.now()).values[-1]
        assert now[2] * 0.98 <= tick.price <= now[1] * 1.02
        assert tick.volume > 0


async def test_a_lost_connection_is_made_again():
    port = free_port()
    first = Sandbox(Synthetic(), port)
    with first:
        stream = ticks("upbit", ["BTC/KRW"], first.url)
        async with asyncio.timeout(90):
            assert (await anext(stream)).market == "BTC/KRW"
    async with asyncio.timeout(90):
        asking = asyncio.ensure_future(_until_new(stream))
        with socket.create_server(("127.0.0.1", port)) as dead:
            dead.setblocking(False)
            connection, _ = await asyncio.get_running_loop().sock_accept(dead)  # it is tried in vain
            connection.close()
        with Sandbox(Synthetic(), port):
            tick = await asking
            await stream.aclose()
    assert tick.ts == pytest.approx(clock.now(), abs=60_000)


async def _until_new(stream):
    """The first tick of a new connection: those that were under way may still come."""
    begun = clock.now()
    async for tick in stream:
        if tick.ts > begun:
            return tick
    raise AssertionError("the stream ended")


async def test_candles_move_with_ticks_and_close_as_the_exchange_closes_them():
    """A clock that runs sixty times too fast: minutes close every second."""
    began = clock.now()
    start = began // MINUTE * MINUTE + 20_000

    def sped_up():
        return start + (clock.now() - began) * 60

    source = Synthetic(sped_up)
    with Sandbox(source, clock=sped_up) as fast:
        got = await take(live_candles(Series("upbit", "BTC/KRW", "1m"), fast.url), 25)
    closed = [candle for candle in got if candle.closed]
    assert closed
    assert {candle.ts % MINUTE for candle in got} == {0}
    for candle in got:
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
    truth = source.bars("upbit", "BTC/KRW", "1m", closed[0].ts, closed[0].ts + MINUTE).values[0]
    assert [closed[0].open, closed[0].high, closed[0].low, closed[0].close] == truth[:4].tolist()


async def test_what_is_unknown_is_refused(sandbox):
    with pytest.raises(UnknownName, match="did you mean 'upbit'"):
        await take(ticks("upbti", ["BTC/KRW"], sandbox.url), 1)
    with pytest.raises(ExchangeError, match="BTX/KRW"):
        await take(ticks("upbit", ["BTX/KRW"], sandbox.url), 1)
