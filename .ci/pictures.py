"""Draws the pictures of docs/guides/charts.md from made-up figures that are the same each time.

    uv run python .ci/pictures.py

It needs Chromium or Chrome. Each chart is drawn light and dark.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from cqs_backtest import charts as backtest
from cqs_monitor import charts as monitor
from cqs_monitor.compare.bridge import Bridge

FOLDER = Path(__file__).parents[1] / "docs" / "guides" / "charts"
WIDTH = 760
DAY = 86_400_000
BARS = 1_400


def run(seed: int) -> Any:
    """A run of 1,400 days, as charts read one."""
    random = np.random.default_rng(seed)
    ts = np.datetime64("2021-01-01", "ms").astype(np.int64) + np.arange(BARS) * DAY
    equity, held = (1e7 * np.cumprod(1 + random.normal(mean, 0.02, BARS)) for mean in (0.0011, 0.0006))
    return SimpleNamespace(ts=ts, equity=equity, benchmark=held, held="BTC/KRW", capital=1e7, day_start=0)


def pnl(by: str, rows: int) -> pd.DataFrame:
    """PnL of two accounts, as `cqs_monitor.pnl` gives it."""
    random = np.random.default_rng(7)
    values = random.normal(9_000, 120_000, (rows, 2)) * (random.random((rows, 2)) < 0.6)
    frequency = {"day": "D", "week": "W-MON", "month": "MS"}[by]
    index = pd.date_range(
        "2025-01-06" if by != "month" else "2024-01-01", periods=rows, freq=frequency, tz="UTC", name=by
    )
    made = pd.DataFrame(values, index, ["Main", "Second"])
    return made.assign(total=made.sum(axis=1))


def drawn(mode: Any) -> dict[str, Any]:
    """All charts by the names of their pictures."""
    first, second = run(11), run(5)
    days = pd.date_range("2025-01-01", periods=240, tz="UTC")
    said = pd.Series(np.repeat(["BULL_TREND", "SIDEWAYS", "BEAR_TREND", "BULL_TREND"], 60), days)
    prices = pd.Series(100 * np.cumprod(1 + np.random.default_rng(3).normal(0.001, 0.02, 240)), days)
    symbols = {"BTC": 1_240_000.0, "ETH": 610_000.0, "SOL": 180_000.0, "ADA": -90_000.0, "XRP": -420_000.0}
    hours = {hour: float(value) for hour, value in enumerate(np.random.default_rng(2).normal(2e4, 9e4, 24))}
    bridge = Bridge(7_053_611.0, -85_300.0, -45_500.0, -543_000.0, 197_000.0, 1_380.0, 6_578_191.0)
    return {
        "equity": backtest.equity(first, log=True, mode=mode),
        "compare": backtest.compare({"first": first, "second": second}, mode=mode),
        "rolling": backtest.rolling(first, mode=mode),
        "years": backtest.years(first, mode=mode),
        "months": backtest.months(first, mode=mode),
        "distribution": backtest.distribution(first, mode=mode),
        "periods": monitor.periods(pnl("week", 60), mode=mode),
        "cumulative": monitor.cumulative(pnl("day", 300), mode=mode),
        "calendar": monitor.calendar(pnl("day", 364), last=dt.date(2025, 12, 31), mode=mode),
        "symbols": monitor.symbols(symbols, mode=mode),
        "hours": monitor.hours(hours, mode=mode),
        "bridge": monitor.bridge(bridge, mode=mode),
        "regimes": monitor.regimes(said, prices, mode=mode),
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for mode in ("light", "dark"):
        for name, chart in drawn(mode).items():
            print(backtest.save(chart, FOLDER / f"{name}-{mode}.png", width=WIDTH))


if __name__ == "__main__":
    main()
