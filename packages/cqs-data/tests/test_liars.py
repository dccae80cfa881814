"""Exchanges that lie, always in the same way: none of it is taken for an outage, and an honest day mends it all."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from survival import Truth

from cqs_core import Series
from cqs_core.lake import stamps
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data import fetch, select, update
from cqs_data.exchanges import Binance, CcxtExchange, Upbit
from cqs_data.fetching import Selection
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.sandbox import Faults, Sandbox, Synthetic

pytestmark = pytest.mark.once

END = clock.now() // DAY * DAY - DAY
START = END - 60 * DAY


class Plain(CcxtExchange):
    """Binance's sandbox, paged as exchanges are that no file refines."""

    id = "binance"
    page_size = 200
    ccxt_options = Binance.ccxt_options


PAGERS = {"upbit": (Upbit, "BTC/KRW"), "binance": (Binance, "BTC/USDT"), "generic": (Plain, "BTC/USDT")}


class Liar:
    """Spoils answers about candles: `lie(rows, n, before)` is told the n-th answer, and the true one before it."""

    def __init__(self, lie) -> None:
        self.lie, self.told, self.before = lie, 0, []

    @web.middleware
    async def middleware(self, request, handler):
        answer = await handler(request)
        if "candles" not in request.path and "klines" not in request.path:
            return answer
        rows = json.loads(answer.text)
        said = self.lie(rows, self.told, self.before)
        self.told, self.before = self.told + 1, rows
        return web.json_response(said)


def torn(rows, n, before):
    """Always only the first half."""
    return rows[: (len(rows) + 1) // 2]


def headless(rows, n, before):
    """Always without the first three."""
    return rows[3:] if len(rows) > 3 else rows


def repeated(rows, n, before):
    """Again and again the page before, twice in a row."""
    return before if n % 7 in (3, 4) else rows


def silent(rows, n, before):
    """Again and again nothing, twice in a row."""
    return [] if n % 7 in (3, 4) else rows


def short(rows, n, before):
    """Again and again the same half, twice in a row."""
    return rows[len(rows) // 2 :] if n % 7 in (3, 4) else rows


def overfull(rows, n, before):
    """Now and then more than was asked."""
    return [*before, *rows] if n % 5 == 2 else rows


def in_seconds(rows, n, before):
    """Now and then times in seconds instead of milliseconds, or the like of it."""
    if n % 5 != 2:
        return rows
    return [
        row | {"candle_date_time_utc": "1970-01-02T03:00:00"}
        if isinstance(row, dict)
        else [row[0] // 1000, *row[1:6], row[6] // 1000, *row[7:]]
        for row in rows
    ]


def of_another_market(rows, n, before):
    """Now and then candles that say that they are of another market, or interval."""
    if n % 5 != 2:
        return rows
    return [
        row | {"market": "KRW-ETH"} if isinstance(row, dict) else [*row[:6], row[6] + DAY, *row[7:]] for row in rows
    ]


LIES = [torn, headless, repeated, silent, short, overfull, in_seconds]


@pytest.mark.parametrize("pager", PAGERS)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_lie_is_never_stored_as_an_outage(lake, pager, lie):
    kind, market = PAGERS[pager]
    truth = Truth([Series(kind.id, market, "1h")], START, END)
    selection = Selection(kind, [market], ["1h"], START, END)
    with Sandbox(Synthetic(), faults=Liar(lie)) as liar:
        fetch(lake, selection, liar.url, RetryPolicy(tries=4, pause=0.001))
        truth.check_lake(lake, whole=False)
    with Sandbox(Synthetic()) as honest:
        [done] = fetch(lake, selection, honest.url)
    assert done.error is None
    truth.check_lake(lake, whole=True)


@pytest.mark.parametrize("pager", ["upbit", "binance"])
def test_candles_of_another_market_or_interval_are_not_stored(lake, pager):
    kind, market = PAGERS[pager]
    with Sandbox(Synthetic(), faults=Liar(of_another_market)) as liar:
        [done] = fetch(lake, Selection(kind, [market], ["1h"], START, END), liar.url, RetryPolicy(4, 0.001))
    assert done.error is None
    Truth([done.series], START, END).check_lake(lake, whole=True)


def test_months_that_lie_about_the_beginning_hide_no_candles(lake):
    def late_months(rows, n, before):
        return rows[len(rows) // 2 :] if len(rows) > 2 and int(rows[1][0]) - int(rows[0][0]) > 20 * DAY else rows

    start = END - 900 * DAY
    selection = Selection(Plain, ["BTC/USDT"], ["1d"], clock.parse_start("2015-01-01"), END)
    with Sandbox(Synthetic(), faults=Liar(late_months)) as liar:
        [told] = fetch(lake, selection, liar.url, RetryPolicy(2, 0.001))
    assert told.error
    with Sandbox(Synthetic()) as honest:
        fetch(lake, selection, honest.url)
    Truth([told.series], start, END).check_lake(lake, whole=True)


class Clock:
    """Hours that pass when they are told to, for this machine and the exchange alike."""

    def __init__(self, monkeypatch, start):
        self.now = start
        monkeypatch.setattr("cqs_core.time.clock.now", lambda: self.now)
        monkeypatch.setattr("cqs_core.lake.writing._last_seq", 0)
        monkeypatch.setattr("cqs_data.exchanges.unified.server_time", self._server)

    async def _server(self, client):
        return self.now


@pytest.mark.parametrize("pager", ["upbit", "binance"])
def test_updates_by_one_candle_lose_none_to_answers_of_before(lake, monkeypatch, pager):
    kind, market = PAGERS[pager]
    series, clock = Series(kind.id, market, "1h"), Clock(monkeypatch, START + 5_000)
    faults = Faults(0.0, ("repeated",))
    with Sandbox(Synthetic(lambda: clock.now), clock=lambda: clock.now, faults=faults) as sandbox:
        fetch(lake, Selection(kind, [market], ["1h"], START - 3 * DAY), sandbox.url)
        faults.share = 0.2
        for _ in range(20):
            clock.now += HOUR
            update(lake, sandbox.url, RetryPolicy(9, 0.001))
        faults.share = 0.0
        clock.now += HOUR
        update(lake, sandbox.url)
    assert faults.done["repeated"] > 3
    Truth([series], START - 3 * DAY, START + 21 * HOUR).check_lake(lake, whole=True)


@pytest.mark.parametrize("pager", ["upbit", "binance"])
def test_a_candle_that_was_not_quite_over_is_asked_for_once_more(lake, monkeypatch, pager):
    kind, market = PAGERS[pager]
    series, clock = Series(kind.id, market, "1h"), Clock(monkeypatch, START + 5_000)
    with Sandbox(Synthetic(lambda: clock.now - 10_000), clock=lambda: clock.now - 10_000) as lagging:
        fetch(lake, Selection(kind, [market], ["1h"], START - 3 * DAY), lagging.url)
        for _ in range(5):
            clock.now += HOUR
            assert update(lake, lagging.url)[0].error is None
    assert not [problem for one in lake.verify() for problem in one.problems]
    truth = Truth([series], START - 3 * DAY, START + 4 * HOUR)
    truth.check_lake(lake, whole=True)
    assert len(lake.read(series)) == len(truth.bars[series].ts) + 1  # the last one is as it was a moment ago


def test_a_clock_that_is_set_forward_meanwhile_ends_no_candle(sandbox, monkeypatch):
    async def ask():
        async with Upbit(sandbox.url) as exchange:
            await exchange.markets()
            before, now = exchange.now(), clock.now()
            monkeypatch.setattr("cqs_core.time.clock.now", lambda: now + 3 * HOUR)
            return exchange.now() - before

    assert asyncio.run(ask()) < 10_000


def test_candles_that_come_late_are_asked_for_again(lake):
    end = clock.now() // MINUTE * MINUTE - MINUTE
    hidden = [3 * MINUTE]

    class Late(Synthetic):
        def bars(self, *args):
            return super().bars(*args).between(0, end - hidden[0])

    with Sandbox(Late()) as sandbox:
        chosen = select("BTC", "1m", "upbit", clock.iso(end - 20 * MINUTE), clock.iso(end))
        [before] = fetch(lake, chosen, sandbox.url)
        hidden[0] = 0
        [after] = fetch(lake, chosen, sandbox.url)
    truth = Truth([before.series], end - 20 * MINUTE, end)
    truth.check_lake(lake, whole=True)
    assert after.rows == sum(truth.bars[before.series].ts >= end - 3 * MINUTE) > 0


@pytest.mark.parametrize(("exchange", "market"), [("upbit", "BTC/KRW"), ("binance", "BTC/USDT")])
@pytest.mark.parametrize("days", [1, 1.6])
def test_of_an_exchange_whose_candles_lag_only_the_last_is_left_out(lake, exchange, market, days):
    """Its last candle grows from answer to answer, though it ended long ago by the clock."""
    lag, start = int(days * DAY), clock.now() // DAY * DAY - 4 * DAY
    series = Series(exchange, market, "1h")
    with Sandbox(Synthetic(lambda: clock.now() - lag)) as behind:
        [done] = fetch(lake, select(market, "1h", exchange, clock.iso(start)), behind.url)
        reached = intervals.floor("1h", clock.now() - lag)
    assert done.error is None
    assert stamps(lake.read(series))[-1] in {reached - HOUR, reached - 2 * HOUR}  # an hour may have begun meanwhile
    assert max(o.end for o in lake.objects(series)) <= reached, "nothing is said of what came later"
    with Sandbox(Synthetic()) as caught_up:
        assert update(lake, caught_up.url)[0].error is None
        right = Synthetic().bars(exchange, market, "1h", start, intervals.floor("1h", clock.now() - HOUR))
    stored = lake.read(series, start, int(right.ts[-1]) + 1)
    assert stored["close"].to_pylist() == right.values[:, 3].tolist()
