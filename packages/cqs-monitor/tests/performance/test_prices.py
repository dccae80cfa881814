"""What things are worth: the newest candle of the lake, or an exchange that answers in time."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time

import pyarrow as pa
import pytest

from cqs_core import Exchange, ExchangeError, Lake, LoggedPosition, Series, hookimpl, plugins
from cqs_core.testing.waiting import until
from cqs_core.time.intervals import DAY, HOUR
from cqs_monitor.logs.bot.format import BOT
from cqs_monitor.performance import prices
from cqs_monitor.performance.holdings import Holding, left_out
from cqs_monitor.performance.prices import Price, Ticker, last_candles, live_prices


def of_bot(*symbols):
    """As what is held by accounts of the ecosystem's bot."""
    return [(symbol, BOT) for symbol in symbols]


START = 1_760_000_400_000 // DAY * DAY


@pytest.fixture
def lake(bucket):
    """Stores one candle that closes at a price."""

    def store(market: str, interval: str, ts: int, close: float) -> None:
        columns = {name: [close] for name in ("open", "high", "low", "close", "volume")}
        table = pa.table({"ts": pa.array([ts], pa.timestamp("ms", "UTC")), **columns})
        Lake(bucket).append(Series("upbit", market, interval), table, ts, ts + HOUR, "import")

    return store


class Slow(Exchange):
    id = "slow"
    quote = "KRW"

    async def price(self, market):
        if market == "XRP/KRW":
            raise ExchangeError("no such market")
        await asyncio.sleep(0.3 if market == "ETH/KRW" else 0)
        return 123.0


class Plugin:
    @hookimpl
    def register_exchanges(self):
        return [Slow]


@pytest.fixture
def slow(monkeypatch):
    """The home exchange is one that knows BTC at once, ETH late, and XRP not."""
    plugins().register(Plugin(), "slow")
    monkeypatch.setenv("CQS_EXCHANGE", "slow")
    yield
    plugins()._manager.unregister(name="slow")
    plugins()._merged.clear()


def test_the_price_is_that_of_the_candle_which_closed_last(bucket, lake):
    lake("BTC/KRW", "1d", START, 100.0)
    lake("BTC/KRW", "1h", START + 2 * DAY, 107.0)
    lake("BTC/KRW", "1h", START + DAY, 105.0)
    lake("ETH/KRW", "1d", START, 10.0)
    found = last_candles(bucket, of_bot("BTC", "DOGE", "no symbol", "=1"))
    assert found == {("BTC", BOT): Price(107.0, START + 2 * DAY + HOUR, "candle")}


def test_a_market_whose_newest_candles_are_damaged_has_no_price_and_the_others_have(bucket, lake):
    lake("BTC/KRW", "1d", START, 100.0)
    lake("ETH/KRW", "1d", START, 10.0)
    [item] = Lake(bucket).objects(Series("upbit", "BTC/KRW", "1d"))
    bucket.write(item.key, bucket.read(item.key)[:-1])
    assert list(last_candles(bucket, of_bot("BTC", "ETH"))) == of_bot("ETH")


def test_an_exchange_that_answers_in_part_and_in_time_is_believed(slow):
    found = live_prices(of_bot("BTC", "ETH", "XRP"))
    assert {symbol: (price.value, price.source) for (symbol, _), price in found.items()} == {
        "BTC": (123.0, "live"),
        "ETH": (123.0, "live"),
    }


def test_an_exchange_that_is_late_is_left_out(slow, monkeypatch):
    monkeypatch.setattr(prices, "TIMEOUT", 0.05)
    assert live_prices(of_bot("ETH")) == {}


def test_a_page_never_waits_for_an_exchange(slow):
    ticker = Ticker()
    assert ticker.latest(of_bot("ETH")) == {}  # it would have the price if it had waited
    assert until(lambda: ticker.latest(of_bot("ETH")))["ETH", BOT].value == 123.0


def test_a_position_is_worth_its_quantity_at_the_last_price():
    entry = dt.datetime(2025, 10, 20, tzinfo=dt.UTC)
    now = int(entry.timestamp() * 1000) + 3 * DAY
    holding = Holding("Main", BOT, LoggedPosition("BTC", 0.5, 100.0, entry), Price(110.0, now, "candle"), now)
    assert (holding.value, holding.unrealised, holding.age_days) == (55.0, 5.0, 3.0)
    assert holding.unrealised_pct == pytest.approx(10)
    unpriced = Holding("Main", BOT, LoggedPosition("BTC", 0.5, 0.0, None), None, now)
    assert (unpriced.value, unpriced.unrealised, unpriced.unrealised_pct, unpriced.age_days) == (None,) * 4


def test_no_position_is_valued_by_a_price_from_before_its_entry():
    entry = dt.datetime(2025, 10, 20, tzinfo=dt.UTC)
    at = int(entry.timestamp() * 1000)
    old, new = Price(50.0, at - 1, "candle"), Price(110.0, at, "candle")
    stale = Holding("Main", BOT, LoggedPosition("BTC", 0.5, 100.0, entry), old, at + DAY)
    assert (stale.price, stale.outdated, stale.value, stale.unrealised, stale.unrealised_pct) == (
        None,
        old,
        *[None] * 3,
    )
    assert stale.json()["unpriced"] == "the last price is older than its entry"
    fresh = Holding("Main", BOT, LoggedPosition("BTC", 0.5, 100.0, entry), new, at + DAY)
    assert (fresh.value, fresh.outdated, fresh.json()["unpriced"]) == (55.0, None, None)
    undated = Holding("Main", BOT, LoggedPosition("BTC", 0.5, 100.0, None), old, at + DAY)
    assert undated.value == 25.0
    dust = Holding("Main", BOT, LoggedPosition("XRP", 1e-9, 100.0, entry), None, at)
    assert left_out([stale, fresh, dust]) == ["BTC"]


def test_a_candle_that_still_runs_may_have_been_fetched_when_it_opened(bucket, lake):
    running = time.time_ns() // 1_000_000 // DAY * DAY
    lake("BTC/KRW", "1d", running, 100.0)
    assert last_candles(bucket, of_bot("BTC"))["BTC", BOT] == Price(100.0, running, "candle")


def test_sums_say_what_they_leave_out(bucket, lake, put, monkeypatch):
    from click.testing import CliRunner

    from cqs_monitor.commands.positions import command

    lake("BTC/KRW", "1d", START, 120.0)
    lake("ETH/KRW", "1d", START, 120.0)
    before, after = ("2025-01-01T00:00:00+00:00", "2025-12-01T00:00:00+00:00")
    held = {"BTC": before, "ETH": after, "DOGE": before}
    rows = {symbol: {"quantity": 1.0, "entry_price": 100.0, "entry_time": when} for symbol, when in held.items()}
    put("logs/Main/positions.json", json.dumps(rows).encode())
    monkeypatch.setenv("CQS_EXCHANGE", "upbit")
    told = CliRunner().invoke(command, ["--bucket", bucket.url, "--json"])
    main = json.loads(told.stdout)["Main"]
    assert (main["unrealised"], main["left_out"]) == (20.0, ["DOGE", "ETH"])
    shown = CliRunner().invoke(command, ["--bucket", bucket.url]).stdout
    assert "unrealised in all: +20 without DOGE, ETH" in shown


def test_a_price_has_the_closes_of_the_day_before_it(bucket, lake):
    for i in range(30):
        lake("BTC/KRW", "1h", START + i * HOUR, 100.0 + i)
    [price] = last_candles(bucket, of_bot("BTC")).values()
    assert price.value == 129.0
    assert price.trend == tuple(100.0 + i for i in range(5, 30))
