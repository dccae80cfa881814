"""The main job, on real candles: exchange, lake, DuckDB, backtest; the page is in test_pages.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cqs_core import FIELDS, Lake, Series
from cqs_core.lake import stamps
from cqs_core.testing.command import cqs_json

RUN = ["backtest", "run", "volatility_breakout", "--symbols", "BTC"]


@pytest.fixture(scope="module")
def bucket(real_sandbox, tmp_path_factory):
    """A bucket with the real candles of two Upbit series, fetched through stock ccxt."""
    folder = tmp_path_factory.mktemp("real") / "bucket"
    for symbol, interval in (("BTC", "1d"), ("ETH", "1h")):
        cqs_json("fetch", "--symbols", symbol, "--interval", interval, "--bucket", folder, "--endpoint", real_sandbox)
    return folder


@pytest.fixture
def real(shared_data):
    def read(name: str) -> tuple[np.ndarray, np.ndarray]:
        table = pq.read_table(shared_data / "candles" / "upbit" / f"{name}.parquet")
        return stamps(table), np.column_stack([table[name].to_numpy() for name in FIELDS])

    return read


@pytest.mark.parametrize(("market", "interval", "rows"), [("BTC", "1d", 1827), ("ETH", "1h", 26_261)])
def test_every_row_arrives_bit_for_bit(market, interval, rows, bucket, real):
    ts, values = real(f"{market}-KRW_{interval}")
    table = Lake(str(bucket)).read(Series("upbit", f"{market}/KRW", interval))
    have = np.column_stack([table[name].to_numpy() for name in FIELDS])
    assert len(table) == rows == len(ts)
    assert (stamps(table) == ts).all()
    assert have.tobytes() == values.tobytes()


def test_duckdb_returns_them(bucket, real):
    ts, values = real("ETH-KRW_1h")
    query = """select count(*) n, min(epoch_ms(ts)) first, max(epoch_ms(ts)) last, max(high) high, min(low) low
        from candles where market = 'ETH/KRW' and "interval" = '1h'"""
    assert Lake(str(bucket)).sql(query).to_pylist() == [
        {"n": len(ts), "first": ts[0], "last": ts[-1], "high": values[:, 1].max(), "low": values[:, 2].min()}
    ]


def test_status_says_what_is_there_and_missing(bucket):
    rows = {(row["market"], row["interval"]): row for row in cqs_json("data", "status", "--bucket", bucket)}
    days = rows["BTC/KRW", "1d"]
    assert (days["first"], days["last"]) == ("2020-01-01T00:00:00+00:00", "2024-12-31T00:00:00+00:00")
    assert (days["rows"], days["gaps"]) == (1827, 0)
    hours = rows["ETH/KRW", "1h"]
    assert hours["rows"] == 26_261
    assert hours["gaps"] == 3 * 365 * 24 + 24 - 26_261


def test_the_command_and_the_facade_agree(bucket, monkeypatch):
    from cqs_backtest import BacktestFacade
    from cqs_data import load_processed_data

    said = cqs_json(*RUN, "--bucket", bucket)
    monkeypatch.setenv("CQS_BUCKET", str(bucket))
    data = load_processed_data(["BTC"], "2020-01-01", "2024-12-31")
    result = BacktestFacade().run_backtest(strategy="volatility_breakout", symbols=["BTC"], data=data)
    assert result["performance"]["num_trades"] == said["performance"]["num_trades"] > 50
    assert result["performance"]["cagr"] == pytest.approx(said["performance"]["cagr"], rel=1e-12)
    assert len(result["equity"]) == len(said["equity"]) == 1827
    times, values = zip(*said["equity"], strict=True)
    assert np.allclose(result["equity"].to_numpy(), values, rtol=1e-12)
    assert (pd.DatetimeIndex(times) == result["equity"].index).all()
    assert len(result["trades"]) == len(said["trades"])


def test_costs_capital_and_parameters_do_what_they_say(bucket):
    def final(*options: str) -> float:
        return cqs_json(*RUN, "--bucket", bucket, *options)["performance"]["final_equity"]

    usual = final()
    free = final("--fee", "0", "--slippage-bps", "0")
    dear = final("--fee", "0.002")
    slipping = final("--slippage-bps", "50")
    assert free > usual > dear
    assert usual > slipping
    assert final("--capital", "20000000") == pytest.approx(2 * usual, rel=1e-9)
    assert final("--set", "noise_ratio=0.3") != usual


def test_the_start_is_the_first_bar_that_may_trade_and_warm_up_comes_before(bucket):
    said = cqs_json(*RUN, "--bucket", bucket, "--start", "2021-01-01", "--end", "2021-03-31")
    assert said["equity"][0][0] == "2021-01-01T00:00:00+00:00"
    assert len(said["equity"]) == 90
    first = min(trade["entry_time"] for trade in said["trades"])
    assert first < "2021-01-15"
