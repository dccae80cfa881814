"""The sandbox's Upbit against what the real one answered."""

from __future__ import annotations

import json
import urllib.error

import ccxt
import numpy as np
import pytest

from cqs_core.time import clock
from cqs_data.sandbox import CandleRows, Sandbox

PAGES = "upbit_1m_20200220_170000-20200220_202000.json"


class OneSeries:
    """Candles of one series in memory."""

    def __init__(self, bars: CandleRows, interval: str, market: str = "BTC/KRW", exchange: str = "upbit") -> None:
        self.all, self.interval, self.market, self.exchange = bars, interval, market, exchange

    def markets(self, exchange):
        return [self.market] if exchange == self.exchange else []

    def first(self, exchange, market):
        return int(self.all.ts[0])

    def bars(self, exchange, market, interval, start, end):
        return self.all.between(start, end) if interval == self.interval else CandleRows.empty()


@pytest.fixture(scope="module")
def real(shared_data):
    """A real page of one-minute candles, newest first."""
    return json.loads((shared_data / "exchanges" / "upbit" / PAGES).read_text())


@pytest.fixture(scope="module")
def upbit(real):
    """A sandbox on the candles of the real page, with the clock at its end."""
    rows = real[::-1]
    ts = np.array([clock.parse_start(row["candle_date_time_utc"]) for row in rows])
    names = ("opening_price", "high_price", "low_price", "trade_price", "candle_acc_trade_volume")
    bars = CandleRows(ts, np.array([[row[name] for name in names] for row in rows]))
    with Sandbox(OneSeries(bars, "1m"), clock=lambda: int(ts[-1]) + 60_000) as running:
        yield f"{running.url}/upbit/v1"


def test_a_page_is_the_real_page(upbit, real, get):
    page = get(f"{upbit}/candles/minutes/1", market="KRW-BTC", count=200)
    made_up = {"market", "timestamp", "candle_acc_trade_price"}
    assert [set(row) for row in page] == [set(row) for row in real]
    assert [{k: v for k, v in row.items() if k not in made_up} for row in page] == [
        {k: v for k, v in row.items() if k not in made_up} for row in real
    ]


def test_a_candle_carries_the_exchanges_own_market_id(upbit, real, get):
    assert get(f"{upbit}/candles/minutes/1", market="KRW-BTC", count=1)[0]["market"] == real[0]["market"]


def test_to_is_exclusive_and_understands_zones(upbit, real, get):
    for to in ("2020-02-20T11:00:00Z", "2020-02-20 11:00:00", "2020-02-20T20:00:00+09:00"):
        page = get(f"{upbit}/candles/minutes/1", market="KRW-BTC", count=2, to=to)
        assert [row["candle_date_time_utc"] for row in page] == ["2020-02-20T10:59:00", "2020-02-20T10:58:00"]


def test_before_the_first_candle_there_is_nothing(upbit, real, get):
    assert get(f"{upbit}/candles/minutes/1", market="KRW-BTC", to=real[-1]["candle_date_time_utc"]) == []


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"market": "KRW-NOPE"}, 404, "Code not found"),
        ({"market": "KRW-BTC", "count": 201}, 400, "Invalid parameter"),
        ({"market": "KRW-BTC", "to": "soon"}, 400, "Invalid parameter"),
    ],
)
def test_wrong_questions_are_refused_as_upbit_does(upbit, query, status, message, get):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{upbit}/candles/minutes/1", **query)
    assert refused.value.code == status
    assert message in json.load(refused.value)["error"]["message"]


def test_the_market_list_has_the_real_ones_fields(sandbox, shared_data, get):
    listed = get(f"{sandbox.url}/upbit/v1/market/all")
    real = json.loads((shared_data / "exchanges" / "upbit" / "market_all.json").read_text())
    assert {row["market"]: row for row in real}["KRW-BTC"] == {row["market"]: row for row in listed}["KRW-BTC"]


def test_days_weeks_months_and_ticker_have_the_documented_fields(sandbox, shared_data, get):
    base = f"{sandbox.url}/upbit/v1"
    day, before = get(f"{base}/candles/days", market="KRW-BTC", count=2)
    assert day["prev_closing_price"] == before["trade_price"]
    for period in ("weeks", "months"):
        row = get(f"{base}/candles/{period}", market="KRW-BTC", count=1)[0]
        assert row["first_day_of_period"] == row["candle_date_time_utc"][:10]
    parsed = json.loads((shared_data / "exchanges" / "upbit" / "rest_and_parsed.json").read_text())
    real = set(parsed["methods"]["fetchTicker"][0]["httpResponse"][0])
    assert real - {"highest_52_week_date", "lowest_52_week_date"} <= set(get(f"{base}/ticker", markets="KRW-BTC")[0])


def test_stock_ccxt_reads_it(sandbox):
    exchange = ccxt.upbit()
    exchange.urls["api"] = {"public": f"{sandbox.url}/upbit"}
    rows = exchange.fetch_ohlcv("ETH/KRW", "4h", limit=10)
    assert len(rows) == 10
    assert exchange.fetch_ticker("ETH/KRW")["last"] == pytest.approx(rows[-1][4], rel=0.01)
    assert set(exchange.fetch_tickers()) == {"BTC/KRW", "ETH/KRW", "XRP/KRW", "SOL/KRW"}
