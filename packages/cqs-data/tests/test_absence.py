"""Exchanges that show no candles for a while: nothing is lost, and it is never believed that there was nothing."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import replace
from types import SimpleNamespace

import pytest
from aiohttp import web
from survival import Truth

from cqs_core import Series
from cqs_core.lake import candle_table
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data import fetch, repair, select, update
from cqs_data.commands.fetch_report import report
from cqs_data.exchanges import Binance, CcxtExchange, Upbit
from cqs_data.fetching import Selection
from cqs_data.fetching.doubts import Doubt, merged
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.polling import LiveCandle, Poller
from cqs_data.sandbox import Faults, Sandbox, Synthetic
from cqs_data.sandbox.faults import is_about_candles

pytestmark = pytest.mark.once

NOW = clock.now()
END = NOW // DAY * DAY - DAY
START = END - 40 * DAY
FOREVER = float("inf")


class Plain(CcxtExchange):
    """Binance's sandbox, paged as exchanges are that no file refines."""

    id = "binance"
    page_size = 200
    ccxt_options = Binance.ccxt_options


class Short(Binance):
    """Binance with pages so short that a fetch takes some."""

    page_size = 200


PAGERS = {"upbit": (Upbit, "BTC/KRW"), "binance": (Short, "BTC/USDT"), "generic": (Plain, "BTC/USDT")}
every_pager = pytest.mark.parametrize("pager", PAGERS)


def quick() -> RetryPolicy:
    return RetryPolicy(3, 0.001)


class Closed(Faults):
    """Answers about candles are empty from the n-th on, so many of them; `of` narrows which."""

    def __init__(self, first=0, answers=FOREVER, of=lambda request: True) -> None:
        super().__init__(0.0)
        self.first, self.answers, self.of, self.asked = first, answers, of, 0

    @web.middleware
    async def middleware(self, request, handler):
        if not is_about_candles(request) or not self.of(request):
            return await handler(request)
        self.asked += 1
        return self._empty() if 0 <= self.asked - 1 - self.first < self.answers else await handler(request)


def selection(pager, interval="1h", start=START, end=END):
    kind, market = PAGERS[pager]
    return Selection(kind, [market], [interval], start, end)


def truth(pager, interval="1h", start=START, end=END):
    kind, market = PAGERS[pager]
    return Truth([Series(kind.id, market, interval)], start, end)


@every_pager
@pytest.mark.parametrize("first", [0, 4])
def test_a_short_silence_loses_nothing(lake, pager, first):
    closed = Closed(first, answers=6)
    with Sandbox(Synthetic(), faults=closed) as sandbox:
        [done] = fetch(lake, selection(pager), sandbox.url, RetryPolicy(7, 0.001))
    assert closed.done["empty"] == 6
    assert (done.error, list(done.doubtful)) == (None, [])
    truth(pager).check_lake(lake, whole=True)


@every_pager
@pytest.mark.parametrize("first", [0, 1, 4])
def test_a_long_silence_is_told_and_claims_nothing(lake, pager, first):
    with Sandbox(Synthetic(), faults=Closed(first)) as sandbox:
        [done] = fetch(lake, selection(pager), sandbox.url, quick())
    assert done.error is None
    truth(pager).check_lake(lake, whole=False)
    assert sum(bars(doubt) for doubt in done.doubtful) >= missing(lake, pager) > 0
    with Sandbox(Synthetic()) as sandbox:
        [done] = fetch(lake, selection(pager), sandbox.url, quick())
    assert list(done.doubtful) == []
    truth(pager).check_lake(lake, whole=True)


def bars(doubt):
    return (doubt.end - doubt.start) // HOUR


def missing(lake, pager):
    [(series, all_of_it)] = truth(pager).bars.items()
    return len(all_of_it.ts) - len(lake.read(series, missing_ok=True))


def test_months_alone_prove_no_absence(lake):
    """All but the longest bars are hidden, of a market of which the lake has nothing yet."""
    with Sandbox(Synthetic(), faults=Closed(of=lambda request: not request.path.endswith("months"))) as sandbox:
        [done] = fetch(lake, selection("upbit", start=END - 20 * DAY), sandbox.url, quick())
    assert (done.rows, [(one.start, one.end) for one in done.doubtful]) == (0, [(END - 20 * DAY, END)])
    assert lake.series() == []


@every_pager
@pytest.mark.parametrize("answers", [4, FOREVER])
@pytest.mark.parametrize("first", [0, 2])
def test_an_update_in_a_silence_claims_nothing_and_the_next_one_completes(lake, pager, answers, first):
    start, began = END - 60 * DAY, END - 55 * DAY
    with Sandbox(Synthetic()) as sandbox:
        fetch(lake, selection(pager, start=start, end=began), sandbox.url, quick())
    with Sandbox(Synthetic(), faults=Closed(first, answers)) as sandbox:
        done = update_as(lake, pager, sandbox.url)
    truth(pager, start=start).check_lake(lake, whole=answers == 4)
    assert bool(done.doubtful) == (answers == FOREVER)
    assert not [gap for gap in lake.gaps() if gap.cause == "never_fetched"], "an update leaves no hole behind"
    with Sandbox(Synthetic()) as sandbox:
        assert not update_as(lake, pager, sandbox.url).doubtful
    truth(pager, start=start).check_lake(lake, whole=True)


def update_as(lake, pager, url):
    [done] = update(lake, url, quick())
    return done


def test_an_update_after_an_import_of_which_the_exchange_knows_no_candle_yet(lake):
    """Nothing tells that the exchange lies but another answer, later."""
    series, low = Series("upbit", "BTC/KRW", "1m"), NOW // HOUR * HOUR - 10 * HOUR
    table = candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1m", low, low + 2 * HOUR))
    lake.append(series, table, low, low + 2 * HOUR, source="import")
    with Sandbox(Synthetic(), faults=Closed(0, 5)) as sandbox:
        [done] = update(lake, sandbox.url, quick())
    assert done.rows > 300
    Truth([series], low, NOW // MINUTE * MINUTE - 5 * MINUTE).check_lake(lake, whole=True)


@every_pager
def test_a_repair_in_a_silence_claims_nothing(lake, pager):
    first, second = START + 5 * DAY, START + 15 * DAY
    with Sandbox(Synthetic()) as sandbox:
        fetch(lake, selection(pager, end=first), sandbox.url, quick())
        fetch(lake, selection(pager, start=second), sandbox.url, quick())
    holes = [(gap.series, (gap.start, gap.end)) for gap in lake.gaps() if gap.cause == "never_fetched"]
    with Sandbox(Synthetic(), faults=Closed()) as sandbox:
        [done] = repair(lake, holes, sandbox.url, quick())
    assert done.doubtful
    truth(pager).check_lake(lake, whole=False)
    with Sandbox(Synthetic()) as sandbox:
        [done] = repair(lake, holes, sandbox.url, quick())
    assert not done.doubtful
    truth(pager).check_lake(lake, whole=True)


class Ending(Synthetic):
    """No candles at and after some moment, though the market is listed."""

    def __init__(self, end):
        super().__init__()
        self.end = end

    def bars(self, exchange, market, interval, start, end):
        return super().bars(exchange, market, interval, start, end).between(0, self.end)


@every_pager
def test_that_there_is_nothing_until_now_is_never_noted(lake, pager):
    with Sandbox(Ending(END - 9 * DAY)) as sandbox:
        for _ in range(2):
            [done] = fetch(lake, selection(pager, end=None), sandbox.url, quick())
            assert (done.error, list(done.doubtful)) == (None, [])
    [series] = lake.series()
    assert max(o.end for o in lake.objects(series)) == END - 9 * DAY
    with Sandbox(Synthetic()) as sandbox:
        update(lake, sandbox.url, quick())
    truth(pager).check_lake(lake, whole=True)


@every_pager
def test_what_longer_bars_contradict_is_doubtful(lake, pager):
    """Hours are not shown for a stretch, days are."""

    class Hiding(Synthetic):
        def bars(self, exchange, market, interval, start, end):
            bars = super().bars(exchange, market, interval, start, end)
            hidden = (bars.ts >= END - 35 * DAY) & (bars.ts < END - 10 * DAY) & (interval == "1h")
            return type(bars)(bars.ts[~hidden], bars.values[~hidden])

    with Sandbox(Hiding()) as sandbox:
        [done] = fetch(lake, selection(pager), sandbox.url, quick())
    [doubt] = done.doubtful
    assert (doubt.start, doubt.end) == (END - 35 * DAY, END - 10 * DAY)
    assert "candles show trades there" in doubt.why
    truth(pager).check_lake(lake, whole=False)


@every_pager
def test_a_stretch_that_is_empty_indeed_is_noted_once_for_all(lake, pager):
    class Halted(Synthetic):
        def bars(self, exchange, market, interval, start, end):
            bars = super().bars(exchange, market, interval, start, end)
            there = (bars.ts < END - 35 * DAY) | (bars.ts >= END - 4 * DAY)
            return type(bars)(bars.ts[there], bars.values[there])

    with Sandbox(Halted()) as sandbox:
        [done] = fetch(lake, selection(pager), sandbox.url, quick())
        assert list(done.doubtful) == []
        before = [o.key for o in lake.objects(done.series)]
        fetch(lake, selection(pager), sandbox.url, quick())
    assert [o.key for o in lake.objects(done.series)] == before
    assert [gap.cause for gap in lake.gaps() if gap.bars > 700] == ["delisted"]


def test_commands_tell_what_is_doubtful_and_fail(lake, capsys):
    with Sandbox(Synthetic(), faults=Closed(4)) as sandbox:
        done = fetch(lake, selection("upbit"), sandbox.url, quick())
        codes = [report(lake, done, as_json, sandbox.url) for as_json in (True, False)]
    said = capsys.readouterr()
    told, _, text = said.out.partition("]\n")
    [row] = json.loads(f"{told}]")
    assert codes == [1, 1]
    assert row["error"] is None
    assert row["doubtful"][0]["start"] == clock.iso(START)
    assert set(row["doubtful"][0]) == {"start", "end", "bars", "why"}
    assert "1 doubtful" in text
    [line] = said.err.splitlines()
    assert line.startswith(f"cqs: upbit BTC/KRW 1h is doubtful from {clock.iso(START)[:10]} 00:00 to ")
    assert line.endswith("not recorded, the same command asks again")


def test_all_series_wait_at_once(lake, monkeypatch):
    """More than are asked at a time: whoever waits lets others ask."""
    waiting, everybody = [], asyncio.Event()

    async def sleep(seconds):
        waiting.append(seconds)
        if len(waiting) == 12:
            everybody.set()
        async with asyncio.timeout(100):
            await everybody.wait()

    monkeypatch.setattr("cqs_data.fetching.settling.asyncio", SimpleNamespace(sleep=sleep))
    with Sandbox(Synthetic()) as sandbox:
        done = fetch(lake, select("*/KRW", "1M,1w,1d", "upbit"), sandbox.url, RetryPolicy(longest_separation=1000.0))
    assert len(done) == len(waiting) == 12


def test_the_separation_grows_with_the_claim():
    retry = RetryPolicy()
    waits = [retry.separation(n) for n in (1, 10, 100, 1000, 10**7)]
    assert waits == sorted(waits)
    assert waits[0] < 0.3
    assert waits[-1] == 10


def test_doubts_that_touch_are_one():
    found = merged([Doubt(30, 40, 2.0, None, 40), Doubt(10, 20, 1.0, 5), Doubt(20, 30, 3.0), Doubt(50, 60, 1.0)])
    assert found == [Doubt(10, 40, 3.0, 5, 40), Doubt(50, 60, 1.0)]


def test_the_sandbox_is_empty_for_a_while():
    faults = Faults(1.0, ("empty",), lasts=FOREVER)
    with Sandbox(Synthetic(), faults=faults) as sandbox:
        fetched = []
        for path in ("/upbit/v1/candles/days?market=KRW-BTC&count=2", "/upbit/v1/market/all"):
            with urllib.request.urlopen(sandbox.url + path) as answer:
                fetched.append(json.load(answer))
        faults.share, faults.until = 0.0, 0.0
        with urllib.request.urlopen(sandbox.url + "/upbit/v1/candles/days?market=KRW-BTC&count=2") as answer:
            assert len(json.load(answer)) == 2
    assert fetched[0] == []
    assert len(fetched[1]) == 4
    assert faults.done["empty"] == 1


async def test_live_candles_that_a_silence_hid_come_after_it():
    series, closed, at = Series("upbit", "BTC/KRW", "1h"), Closed(FOREVER), END - 9 * DAY
    with Sandbox(Synthetic(), faults=closed) as sandbox:
        async with Upbit(sandbox.url) as exchange:
            looks = Poller(series, exchange, 30)
            before = await looks.closed(at, None)
            closed.first = closed.asked
            ticked = LiveCandle.opening(at, 1.0)
            assert await looks.closed(at + HOUR, ticked) == [replace(ticked, closed=True)]
            assert await looks.closed(at + 4 * HOUR, None) == []
            closed.first = FOREVER
            after = await looks.closed(at + 5 * HOUR, None)
    bars = Synthetic().bars("upbit", "BTC/KRW", "1h", at, at + 5 * HOUR)
    assert before[-1].ts < at
    assert [(one.ts, one.close) for one in after] == list(zip(bars.ts, bars.values[:, 3], strict=True))
