"""Regimes of a model are features of a backtest, from Python and on the command line."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from cqs_backtest import backtest, runs
from cqs_backtest.features import stored_regimes
from cqs_backtest.metrics.by_regime import by_regime
from cqs_core import Bucket, Lake, Series
from cqs_core.cli import run_command
from cqs_core.lake import candle_table
from cqs_core.testing.candles import random_candles
from cqs_core.time.intervals import DAY
from cqs_monitor import regimes
from cqs_monitor.models.evaluation.regimes import Regimes, store


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """Candles of two markets, and what a model said of the days of BTC."""
    for name in ("CQS_EXCHANGE", "CQS_QUOTE", "CQS_DAY_START"):
        monkeypatch.delenv(name, raising=False)
    bucket = Bucket(str(tmp_path))
    candles = random_candles(("BTC/KRW", "ETH/KRW"), rows=200)
    start, stop = int(candles.ts[0]), int(candles.ts[-1]) + DAY
    for s, market in enumerate(candles.symbols):
        values = np.stack([getattr(candles, n)[:, s] for n in ("open", "high", "low", "close", "volume")], axis=1)
        Lake(bucket).append(
            Series("upbit", market, "1d"), candle_table(candles.ts, values), start, stop, source="import"
        )
    index = pd.DatetimeIndex(pd.to_datetime(candles.ts, unit="ms", utc=True), name="ts")
    words = np.where(np.arange(200) // 20 % 2, "bull", "bear")
    days = pd.DataFrame({"regime": words, "realised": None, "confidence": 0.7}, index)
    store(bucket, Regimes.of("v9", "upbit", "BTC/KRW", days, {}))
    return bucket


def test_both_ways_give_the_same_run_and_it_is_made_again(bucket, capsys):
    words = regimes("v9", bucket=bucket)
    made = backtest("momentum", ["BTC", "ETH"], features={"regime": words}, only_in="regime=bull", bucket=bucket)
    run = ["backtest", "run", "momentum", "--symbols", "BTC,ETH", "--bucket", bucket.url, "--json"]
    assert run_command([*run, "--feature", "regime=models:v9", "--only-in", "regime=bull"]) == 0
    typed = json.loads(capsys.readouterr().out)
    assert typed["performance"]["final_equity"] == made.performance.final_equity != made.capital
    kept = runs.load(typed["run"], bucket)
    assert kept.record.manifest["features"]["regime"]["source"] == "models:v9"
    assert run_command(["backtest", "verify", typed["run"], "--bucket", bucket.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "identical"


def test_a_model_that_is_not_there_is_named(bucket, capsys):
    run = ["backtest", "run", "momentum", "--symbols", "BTC", "--bucket", bucket.url]
    assert run_command([*run, "--feature", "regime=models:v8"]) == 2
    assert "no regimes of model 'v8' are stored" in capsys.readouterr().err


def test_a_run_is_told_by_the_regimes_that_a_model_stored(bucket):
    """The page finds them in the bucket, Python takes those of `regimes`: both tell the same."""
    words = regimes("v9", bucket=bucket)
    made = backtest("momentum", ["ETH", "BTC"], bucket=bucket)
    table = made.by_regime(words)
    assert table["days"].sum() == len(made.returns)
    assert set(table.index) <= {"bull", "bear", "not known"}
    [found] = stored_regimes(bucket, "upbit", ["ETH/KRW", "BTC/KRW"])
    assert (found.version, found.market) == ("v9", "BTC/KRW")
    told = pd.DataFrame([one._asdict() for one in by_regime(made.record, found.days)]).set_index("regime")
    pd.testing.assert_frame_equal(told, pd.DataFrame(table))
    assert stored_regimes(bucket, "binance", ["BTC/USDT"]) == []
