"""Exchanges with short pages, deaf ears, short memories, sparse markets and grids of their own; nothing is invented."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from aiohttp import web
from dialects import Minutes, coinbase, gemini, kraken, minutes, okx

from cqs_core import FIELDS, Series, UsageError, plugins
from cqs_core.cli import run_command
from cqs_core.lake import candle_table, quarantined, stamps
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data import fetch, repair, select, update
from cqs_data.exchanges import Binance, CcxtExchange
from cqs_data.fetching import Selection
from cqs_data.sandbox import Faults, Habits, Sandbox, Synthetic

pytestmark = pytest.mark.once
DIALECTS = {"coinbaseexchange": coinbase, "gemini": gemini, "kraken": kraken, "okx": okx}
MARKETS = {"coinbaseexchange": "BTC/USD", "gemini": "BTC/USD", "kraken": "BTC/USD", "okx": "BTC/USDT"}


class Plain(CcxtExchange):
    """Binance's sandbox, asked as an exchange that no file refines."""

    id = "binance"
    ccxt_options = Binance.ccxt_options


class Counted:
    """Counts the questions about candles."""

    def __init__(self) -> None:
        self.asked = 0

    @web.middleware
    async def middleware(self, request, handler):
        self.asked += any(word in request.path for word in ("candles", "klines", "OHLC"))
        return await handler(request)


@pytest.fixture
def now(monkeypatch):
    """The middle of the last minute, which does not pass."""
    at = clock.now() // MINUTE * MINUTE - 30_000
    monkeypatch.setattr("cqs_core.time.clock.now", lambda: at)
    return at


@pytest.fixture
def counted():
    return Counted()


def serve(source, **options):
    return Sandbox(source, dialects=DIALECTS, **options)


def every_minute(now, days):
    return np.arange(now // MINUTE * MINUTE - days * DAY, now, MINUTE)


def holds(lake, series, ts):
    """The lake has the candles of exactly these minutes, with their values."""
    table = lake.read(series)
    assert stamps(table).tolist() == ts.tolist()
    assert np.array_equal(np.column_stack([table[name].to_numpy() for name in FIELDS]), minutes(ts).values)
    assert [problem for one in lake.verify() for problem in one.problems] == []


def known(lake, series, ts):
    """As if these minutes had been fetched before."""
    lake.append(series, candle_table(*minutes(ts)), int(ts[0]), int(ts[-1]) + MINUTE, source="endpoint")


def causes(lake):
    return {(gap.start, gap.end): gap.cause for gap in lake.gaps()}


def traded(now, days, share, seed=2):
    ts = every_minute(now, days)[:-1]
    keep = np.random.default_rng(seed).random(len(ts)) < share
    keep[[0, -1]] = True
    return ts[keep]


class TestCaps:
    """An answer covers no more than its request can have covered."""

    @pytest.mark.parametrize("exchange", ["coinbaseexchange", "okx"])
    @pytest.mark.parametrize("what", ["outage of 330 minutes", "listed at minute 400"])
    def test_nothing_is_lost_behind_a_window_without_candles(self, lake, now, exchange, what):
        ts = every_minute(now, 3)[:-1]
        start = int(ts[0])
        kept = np.r_[ts[:700], ts[1030:]] if what.startswith("outage") else ts[400:]
        series = Series(exchange, MARKETS[exchange], "1m")
        with serve(Minutes(exchange, series.market, kept)) as server:
            [done] = fetch(lake, select(series.market, "1m", exchange, clock.iso(start)), server.url)
        assert (done.error, done.rows) == (None, len(kept))
        holds(lake, series, kept)
        hole = (start + 700 * MINUTE, start + 1030 * MINUTE)
        assert causes(lake) == ({hole: "no_trade"} if what.startswith("outage") else {})

    @pytest.mark.parametrize("exchange", ["coinbaseexchange", "okx"])
    @pytest.mark.parametrize("share", [0.5, 0.05])
    def test_a_sparse_market_downloads_completely(self, lake, now, counted, exchange, share):
        ts = traded(now, 2, share)
        series = Series(exchange, MARKETS[exchange], "1m")
        with serve(Minutes(exchange, series.market, ts), faults=counted) as server:
            [done] = fetch(lake, select(series.market, "1m", exchange, clock.iso(int(ts[0]))), server.url)
        assert done.error is None
        holds(lake, series, ts)
        assert set(causes(lake).values()) <= {"no_trade"}
        size = 300 if exchange == "coinbaseexchange" else 100
        assert counted.asked < 5 * (2 * 1440 / size) + 20

    @pytest.mark.parametrize("cap", [37, 250, 1000])
    @pytest.mark.parametrize("sparse", [0.0, 0.5])
    def test_whatever_the_cap_is_and_whoever_pages(self, lake, now, cap, sparse):
        start = now // DAY * DAY - DAY
        habits = Habits(page_cap=cap, sparse=sparse)
        with Sandbox(Synthetic(), habits=habits) as server:
            for kind, market in ((Plain, "BTC/USDT"), (plugins().exchange("upbit"), "BTC/KRW")):
                [done] = fetch(lake, Selection(kind, [market], ["1m"], start, start + 6 * HOUR), server.url)
                assert done.error is None
                right = habitual(habits).bars(kind.id, market, "1m", start, start + 6 * HOUR)
                assert stamps(lake.read(done.series)).tolist() == right.ts.tolist()

    def test_a_limit_that_ccxt_reads_as_a_refusal_is_waited_for(self, lake, now):
        ts = every_minute(now, 1)[:-1]
        faults = Faults(0.4, ("limit",), seed=3)
        with serve(Minutes("okx", "BTC/USDT", ts), faults=faults) as server:
            [done] = fetch(lake, select("BTC/USDT", "1m", "okx", clock.iso(int(ts[0]))), server.url)
        assert done.error is None
        assert faults.done["limit"] > 3
        holds(lake, done.series, ts)

    def test_the_cap_is_ccxts_where_a_class_says_more(self, lake, now, counted):
        class Coinbase(CcxtExchange):
            id = "coinbaseexchange"
            page_size = 1000

        ts = np.delete(every_minute(now, 1)[:-1], np.arange(500, 900))
        with serve(Minutes("coinbaseexchange", "BTC/USD", ts), faults=counted) as server:
            [done] = fetch(lake, Selection(Coinbase, ["BTC/USD"], ["1m"], int(ts[0])), server.url)
        assert done.error is None
        holds(lake, done.series, ts)


class TestMemory:
    """Exchanges that ignore `since`, or keep only their last candles."""

    @pytest.fixture(params=["gemini", "kraken", "unknown kraken"])
    def short(self, request, monkeypatch):
        """An exchange's class, and how many candles it keeps."""
        if request.param == "unknown kraken":
            monkeypatch.setattr("cqs_data.exchanges.depth.HISTORY", {})

            class Unknown(CcxtExchange):
                id = "kraken"

            return Unknown, 720
        return plugins().exchange(request.param), 1440 if request.param == "gemini" else 720

    def test_a_fetch_says_so_and_claims_nothing_older(self, lake, now, counted, short):
        kind, count = short
        ts = every_minute(now, 5)
        with serve(Minutes(kind.id, "BTC/USD", ts), faults=counted) as server:
            [done] = fetch(lake, Selection(kind, ["BTC/USD"], ["1m"], int(ts[0])), server.url)
        assert (done.error, done.history) == (None, count)
        assert done.note == f"{kind.id} gives only its last {count:,} candles"
        holds(lake, done.series, ts[-count:-1])  # the one under way is one of them
        assert min(o.start for o in lake.objects(done.series)) == ts[-count]
        assert counted.asked < 30

    def test_an_update_after_days_leaves_the_hole_as_never_fetched(self, lake, now, counted, short, monkeypatch):
        kind, count = short
        monkeypatch.setattr(type(plugins()), "exchange", lambda self, name: kind)
        ts, series = every_minute(now, 5), Series(kind.id, "BTC/USD", "1m")
        known(lake, series, ts[:1440])
        with serve(Minutes(kind.id, "BTC/USD", ts), faults=counted) as server:
            [done] = update(lake, server.url)
            asked, counted.asked = counted.asked, 0
            hole = (int(ts[1440]), int(ts[-count]))
            assert causes(lake) == {hole: "never_fetched"}
            [again] = repair(lake, [(series, hole)], server.url)
        assert (done.error, done.rows, done.history) == (None, count - 1, count)
        assert (again.error, again.rows, again.history) == (None, 0, count)
        assert causes(lake) == {hole: "never_fetched"}
        holds(lake, series, np.r_[ts[:1440], ts[-count:-1]])
        assert asked < 20, "one probe, not one a page"
        assert counted.asked < 10

    def test_a_repair_asks_for_what_is_still_given(self, lake, now, short, monkeypatch):
        kind, count = short
        monkeypatch.setattr(type(plugins()), "exchange", lambda self, name: kind)
        ts, series = every_minute(now, 5), Series(kind.id, "BTC/USD", "1m")
        known(lake, series, ts[:1440])
        known(lake, series, ts[-60:-1])
        with serve(Minutes(kind.id, "BTC/USD", ts)) as server:
            [done] = repair(lake, [(gap.series, (gap.start, gap.end)) for gap in lake.gaps()], server.url)
        assert (done.error, done.rows) == (None, count - 60)
        assert causes(lake) == {(int(ts[1440]), int(ts[-count])): "never_fetched"}

    def test_a_quiet_market_of_one_that_ignores_since_fails_no_update(self, lake, now):
        ts, series = every_minute(now, 2)[:-300], Series("gemini", "BTC/USD", "1m")
        known(lake, series, ts[:-100])
        with serve(Minutes("gemini", "BTC/USD", ts)) as server:
            [first] = update(lake, server.url)
            [second] = update(lake, server.url)
        assert (first.error, first.rows, second.error, second.rows) == (None, 100, None, 0)

    def test_a_young_market_is_no_short_memory(self, lake, now):
        ts = every_minute(now, 3)[1000:]
        start = int(ts[0]) - 3 * DAY
        with Sandbox(Minutes("binance", "BTC/USDT", ts)) as server:
            [done] = fetch(lake, Selection(Plain, ["BTC/USDT"], ["1m"], start), server.url)
        assert (done.error, done.note, done.history) == (None, "", None)
        holds(lake, done.series, ts[:-1])

    @pytest.mark.parametrize("kind", [Plain, Binance, plugins().exchange("upbit")], ids=["plain", "binance", "upbit"])
    def test_one_that_forgets_is_noticed_whoever_pages(self, lake, now, kind):
        market = "BTC/KRW" if kind.id == "upbit" else "BTC/USDT"
        series, start = Series(kind.id, market, "1h"), now // HOUR * HOUR - 60 * DAY
        bars = Synthetic().bars(kind.id, market, "1h", start, start + 10 * DAY)
        lake.append(series, candle_table(*bars), start, start + 10 * DAY, source="endpoint")
        with Sandbox(Synthetic(), habits=Habits(last=400), clock=lambda: now) as server:  # both are in the same hour
            [done] = fetch(lake, Selection(kind, [market], ["1h"], start), server.url)
        assert (done.error, done.note) == (None, f"{kind.id} gives only its last {done.history:,} candles")
        assert 400 <= done.history <= 420  # of pagers that see no newest row, by time: hours of outages count
        held = stamps(lake.read(series, start + 10 * DAY))
        right = habitual(Habits(last=400)).bars(kind.id, market, "1h", start, now // HOUR * HOUR)
        assert held.tolist() == right.ts.tolist()
        assert causes(lake)[start + 10 * DAY, int(held[0])] == "never_fetched"

    def test_a_plugin_that_refines_an_exchange_inherits_what_is_known_of_it(self):
        class Kraken(CcxtExchange):
            id = "kraken"
            page_size = 720

        class Daily(Kraken):
            title = "Kraken, days"

        class Paid(CcxtExchange):
            id = "kraken"
            history = None

        assert (Kraken.history, Daily.history, Paid.history) == (720, 720, None)
        assert plugins().exchange("kraken").history == 720
        assert CcxtExchange.history is None

    @pytest.mark.parametrize(
        ("attributes", "told"),
        [
            ({"id": "krakn"}, "ccxt has no exchange 'krakn'; did you mean 'kraken'?"),
            ({"id": "Kraken"}, "ccxt has no exchange 'Kraken'; did you mean 'kraken'?"),
            ({"id": "zzzzzzz"}, "ccxt has no exchange 'zzzzzzz'; subclass cqs_core.Exchange"),
            ({"id": "kraken", "page_size": "720"}, "page_size of Mine is '720'; write a number of candles"),
            (
                {"id": "kraken", "ccxt_options": {"timeout": 1}},
                "ccxt_options of Mine has 'timeout', which is an argument",
            ),
            ({"id": "kraken", "page_size": 0}, "page_size of Mine is 0; write"),
            ({"id": "kraken", "page_size": True}, "page_size of Mine is True; write"),
        ],
    )
    def test_what_ccxt_cannot_use_is_refused_when_the_class_is_made(self, attributes, told):
        with pytest.raises(UsageError, match=re.escape(told)):
            type("Mine", (CcxtExchange,), attributes)


class TestGrids:
    """Bars that open at other times than the lake's."""

    @pytest.mark.parametrize(
        ("habits", "interval", "said", "way"),
        [
            (Habits(week_start="Thursday"), "1w", "opens its 1w bars on Thursday, the lake's open on Monday", "1d"),
            (Habits(week_start="Sunday"), "1w", "opens its 1w bars on Sunday, the lake's open on Monday", "1d"),
            (Habits(day_start=16 * HOUR), "1d", "opens its 1d bars at 16:00 UTC, the lake's open at 00:00 UTC", "8h"),
            (Habits(day_start=15 * HOUR), "1d", "opens its 1d bars at 15:00 UTC, the lake's open at 00:00 UTC", "1h"),
            (Habits(day_start=16 * HOUR), "1w", "opens its 1w bars on Monday at 16:00 UTC", "8h"),
        ],
    )
    @pytest.mark.parametrize("kind", [Plain, Binance], ids=["plain", "refined"])
    def test_one_line_says_so_and_names_the_way_out(self, lake, kind, habits, interval, said, way):
        start = clock.parse_start("2024-01-01")
        with Sandbox(Synthetic(), habits=habits) as server:
            [done] = fetch(lake, Selection(kind, ["BTC/USDT"], [interval], start), server.url)
            command = "cqs fetch --exchange binance --symbols BTC/USDT --interval"
            assert said in str(done.error)
            assert f"{command} {way} --start 2024-01-01T00:00:00 --endpoint {server.url}" in str(done.error)
            assert "\n" not in str(done.error)
            assert (done.rows, done.rejected) == (0, 0)
            [short] = fetch(lake, Selection(kind, ["BTC/USDT"], [way], start, start + 30 * DAY), server.url)
        assert short.error is None
        assert len(lake.derive(short.series._replace(interval=interval)))

    def test_a_command_that_stored_nothing_does_not_end_well(self, tmp_path, capsys):
        with Sandbox(Synthetic(), habits=Habits(week_start="Thursday")) as server:
            what = ["--exchange", "binance", "--symbols", "BTC/USDT", "--interval", "1w", "--start", "2024-10-01"]
            where = ["--endpoint", server.url, "--bucket", str(tmp_path / "b")]
            assert run_command(["fetch", *what, *where, "--json"]) == 1
            assert "on Thursday" in json.loads(capsys.readouterr().out)[0]["error"]
            assert run_command(["fetch", *what, *where]) == 1
        assert "cqs fetch --exchange binance" in capsys.readouterr().err

    @pytest.mark.parametrize("exchange", ["upbit", "binance", "plain"])
    def test_stray_rows_go_to_quarantine_and_the_series_goes_on(self, lake, now, exchange):
        kind = Plain if exchange == "plain" else plugins().exchange(exchange)
        market = "BTC/KRW" if exchange == "upbit" else "BTC/USDT"
        start = now // HOUR * HOUR - 20 * DAY
        with Sandbox(Synthetic(), habits=Habits(off_grid=0.02)) as server:
            [done] = fetch(lake, Selection(kind, [market], ["1h"], start, start + 15 * DAY), server.url)
        assert done.error is None
        right = Synthetic().bars(kind.id, market, "1h", start, start + 15 * DAY)
        assert stamps(lake.read(done.series)).tolist() == right.ts.tolist()
        kept = list(quarantined(lake.bucket, done.series))
        assert {one.reason for one in kept} == {"off_grid"}
        assert {one.row[0] % HOUR for one in kept} == {HOUR / 3}
        assert done.rejected == len(kept) > 3


class TestSandbox:
    """The habits themselves."""

    def test_a_cap_shortens_every_page(self, get):
        with Sandbox(Synthetic(), habits=Habits(page_cap=7)) as server:
            url = f"{server.url}/binance/api/v3/klines"
            assert len(get(url, symbol="BTCUSDT", interval="1h", limit=100)) == 7
            assert len(get(f"{server.url}/upbit/v1/candles/minutes/60", market="KRW-BTC", count=100)) == 7
            assert len(get(f"{server.url}/binance/api/v3/ticker/24hr", symbol="BTCUSDT")) > 7

    def test_since_is_ignored(self, get):
        with Sandbox(Synthetic(), habits=Habits(ignores_since=True)) as server:
            url = f"{server.url}/binance/api/v3/klines"
            asked = get(url, symbol="BTCUSDT", interval="1d", limit=5, startTime=1_700_000_000_000)
            assert [row[0] for row in asked] == [row[0] for row in get(url, symbol="BTCUSDT", interval="1d", limit=5)]

    def test_sparse_minutes_make_their_longer_candles(self):
        source = habitual(Habits(sparse=0.9))
        start = clock.parse_start("2024-03-04")
        fine = source.bars("upbit", "BTC/KRW", "1m", start, start + DAY)
        assert 100 < len(fine.ts) < 190
        for interval, size in (("5m", 5 * MINUTE), ("1h", HOUR), ("1d", DAY)):
            longer = source.bars("upbit", "BTC/KRW", interval, start, start + DAY)
            assert longer.ts.tolist() == np.unique(fine.ts // size * size).tolist()
            assert longer.values[:, 4].sum() == pytest.approx(fine.values[:, 4].sum())

    @pytest.mark.parametrize(
        "wrong",
        [{"page_cap": 0}, {"last": -1}, {"sparse": 1.0}, {"off_grid": -0.1}, {"week_start": "Doomsday"},
         {"day_start": DAY}],
    )  # fmt: skip
    def test_habits_that_make_no_sense_are_refused(self, wrong):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Habits(**wrong)


def habitual(habits):
    from cqs_data.sandbox.habits import Habitual

    return Habitual(Synthetic(), habits, clock.now)
