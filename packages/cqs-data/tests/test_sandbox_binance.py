"""The sandbox's Binance against a recorded exchangeInfo and the documentation of klines."""

from __future__ import annotations

import json
import urllib.error

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core.time.intervals import DAY, HOUR
from cqs_data.sandbox import CandleFolder, Sandbox
from cqs_data.sandbox.binance import text


@pytest.fixture(scope="module")
def binance(shared_data):
    with Sandbox(CandleFolder(shared_data / "candles")) as running:
        yield f"{running.url}/binance/api/v3"


def test_a_symbol_has_the_recorded_ones_fields(binance, shared_data, get):
    info = get(f"{binance}/exchangeInfo")
    real = json.loads((shared_data / "exchanges" / "binance" / "exchangeInfo.json").read_text())
    mine = {s["symbol"]: s for s in info["symbols"]}["BTCUSDT"]
    recorded = {s["symbol"]: s for s in real["symbols"]}["BTCUSDT"]
    assert set(mine) <= set(recorded)
    assert {k: mine[k] for k in ("status", "baseAsset", "quoteAsset", "isSpotTradingAllowed")} == {
        k: recorded[k] for k in ("status", "baseAsset", "quoteAsset", "isSpotTradingAllowed")
    }


def test_klines_go_forward_from_start_time(binance, get):
    first = get(f"{binance}/klines", symbol="BTCUSDT", interval="1d", startTime=0, limit=2)
    assert [row[0] for row in first] == [1_502_928_000_000, 1_502_928_000_000 + DAY]
    assert first[0][6] == first[0][0] + DAY - 1
    assert all(isinstance(value, str) for value in first[0][1:6])


def test_klines_without_start_are_the_newest_and_at_most_1000(binance, get):
    rows = get(f"{binance}/klines", symbol="BTCUSDT", interval="1h", limit=5000)
    assert len(rows) == 1000
    assert rows == sorted(rows)
    assert len(get(f"{binance}/klines", symbol="BTCUSDT", interval="1h")) == 500


def test_end_time_is_inclusive(binance, get):
    start = 1_600_000_000_000 // HOUR * HOUR
    rows = get(f"{binance}/klines", symbol="BTCUSDT", interval="1h", startTime=start, endTime=start + 2 * HOUR)
    assert [row[0] for row in rows] == [start, start + HOUR, start + 2 * HOUR]


@pytest.mark.parametrize(
    ("query", "code"),
    [({"symbol": "NOPE", "interval": "1h"}, -1121), ({"symbol": "BTCUSDT", "interval": "7h"}, -1120), ({}, -1102)],
)
def test_wrong_questions_are_refused_as_binance_does(binance, query, code, get):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{binance}/klines", **query)
    assert json.load(refused.value)["code"] == code


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_a_number_written_as_text_reads_back_the_same(value):
    assert float(text(value)) == value


def test_stock_ccxt_reads_it(sandbox):
    exchange = ccxt.binance({"options": {"fetchMarkets": {"types": ["spot"]}}})
    urls = exchange.urls["api"]
    exchange.urls["api"] = {name: f"{sandbox.url}/binance/{url.partition('.com/')[2]}" for name, url in urls.items()}
    rows = exchange.fetch_ohlcv("SOL/USDT", "15m", limit=10)
    assert len(rows) == 10
    assert exchange.fetch_ticker("SOL/USDT")["last"] == pytest.approx(rows[-1][4], rel=0.01)
    assert exchange.fetch_time() == pytest.approx(exchange.milliseconds(), abs=5_000)
