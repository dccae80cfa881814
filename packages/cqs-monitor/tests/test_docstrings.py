"""The examples in docstrings are true, of one bot that bought BTC and sold some of it."""

from __future__ import annotations

import doctest
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from logfiles import buy, day, sell

import cqs_monitor
from cqs_core import Lake, Series
from cqs_core.lake import candle_table
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY
from cqs_monitor.models.evaluation.regimes import Regimes, store

ROOT = Path(cqs_monitor.__file__).parent
MODULES = [
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    for path in sorted(ROOT.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and (find_spec("cqs_panel") or "views" not in path.parts)
]


@pytest.fixture
def bot(put, bucket, monkeypatch):
    """One account, ten days of candles from 2025-10-19 on with closes from 100 up, and three days of regimes."""
    monkeypatch.setenv("CQS_BUCKET", str(bucket.url))
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 1000.0)))
    put("logs/Main/trades_2025-10-21.csv", day(sell("2025-10-21T08:00:00", "BTC", 110.0, 400.0, 100.0)))
    start = parse_start("2025-10-19")
    candles = candle_table(start + DAY * np.arange(10), np.tile(np.arange(100.0, 110.0)[:, None], 5))
    Lake(bucket).append(Series("upbit", "BTC/KRW", "1d"), candles, start, start + 10 * DAY)
    index = pd.date_range("2025-10-20", periods=3, tz="UTC", name="ts")
    days = pd.DataFrame({"regime": ["bull", "bear", "bull"], "realised": None, "confidence": 0.5}, index)
    store(bucket, Regimes.of("v9", "upbit", "BTC/KRW", days, {}))


@pytest.mark.parametrize("name", ["Logs", "get_bot_logs", "lots", "pnl", "positions", "regimes", "trades"])
def test_what_users_call_has_an_example(name):
    assert ">>> " in getattr(cqs_monitor, name).__doc__


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    done = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert done.attempted
    assert not done.failed
