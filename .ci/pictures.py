"""Draws the pictures of docs/guides/charts.md from made-up figures that are the same each time.

    uv run python .ci/pictures.py [NAME …]

It needs Chromium or Chrome. Each chart is drawn light and dark.
"""

from __future__ import annotations

import datetime as dt
import sys
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


def sets() -> pd.DataFrame:
    """Rows of a sweep of two parameters with a broad hill and some noise, as its table has them."""
    ratio, bars = (one.ravel() for one in np.meshgrid(np.arange(1, 10) / 10, np.arange(5, 51, 5), indexing="ij"))
    hill = 1.3 * np.exp(-(((ratio - 0.6) / 0.3) ** 2) - ((bars - 15) / 18) ** 2)
    sharpe = hill + np.random.default_rng(9).normal(0, 0.08, len(ratio))
    frame = pd.DataFrame({"set": range(len(ratio)), "noise_ratio": ratio, "btc_ma": bars, "sharpe": sharpe})
    spread = np.random.default_rng(4).normal(0, 3, len(ratio))
    return frame.assign(cagr=22 * sharpe + spread, mdd=-38 + 9 * sharpe - abs(spread), num_trades=700 - 600 * ratio)


def windows() -> list[dict[str, Any]]:
    """Seven windows of a walk-forward over the days of `run`."""
    edges = ("optimize_start", "optimize_stop", "test_start", "test_stop")
    earned = (6.1, -3.2, 11.8, 2.4, -5.5, 9.0, 4.1)
    first = np.datetime64("2021-01-01") + 150 * np.arange(len(earned))
    days = [(start, start + 350, start + 350, start + 500) for start in first]
    dates = [dict(zip(edges, (f"{day}T00:00:00+00:00" for day in four), strict=True)) for four in days]
    chosen = {"parameters": {"noise_ratio": 0.6, "btc_ma": 15}}
    return [dates[n] | chosen | {"test": {"total_return": value}} for n, value in enumerate(earned)]


def samples() -> np.ndarray:
    """Equity over capital of 800 samples at 100 points, (800, 100)."""
    return np.cumprod(1 + np.random.default_rng(8).normal(0.004, 0.035, (800, 100)), axis=1)


def validated(mode: Any) -> dict[str, Any]:
    """Charts of searches and tests."""
    rows, curves, tried = sets(), samples(), run(11)
    tried.ts, tried.equity = tried.ts[350:], 1e7 * tried.equity[350:] / tried.equity[350]
    bands = {f"p{level}": np.percentile(curves, level, axis=0) for level in (5, 25, 50, 75, 95)}
    counts, bars = np.histogram(100 * (curves[:, -1] - 1), 40)
    best, plateau = (
        rows.loc[rows["sharpe"].idxmax()],
        rows[(rows["noise_ratio"] == 0.6) & (rows["btc_ma"] == 15)].iloc[0],
    )
    marks = {"Best set": dict(best), "Best plateau": dict(plateau)}
    columns = ["noise_ratio", "btc_ma", "sharpe", "cagr", "mdd", "num_trades"]
    return {
        "heatmap": backtest.heatmap(rows, "btc_ma", "noise_ratio", marks=marks, mode=mode),
        "parallel": backtest.parallel(rows, columns, mode=mode),
        "scatter": backtest.scatter(rows, "mdd", "cagr", mode=mode),
        "walk_forward": backtest.walk_forward(windows(), tried, mode=mode),
        "fan": backtest.fan(bands, mode=mode),
        "outcomes": backtest.outcomes(
            {"edges": bars, "counts": counts}, marks={"this run": 62.0, "median": 48.0}, mode=mode
        ),
    }


def drawn(mode: Any) -> dict[str, Any]:
    """All charts by the names of their pictures."""
    first, second = run(11), run(5)
    days = pd.date_range("2025-01-01", periods=240, tz="UTC")
    said = pd.Series(np.repeat(["BULL_TREND", "SIDEWAYS", "BEAR_TREND", "BULL_TREND"], 60), days)
    judged = pd.Series(
        np.resize(np.repeat(["BULL_TREND", "SIDEWAYS", "BEAR_TREND"], 45), BARS),
        pd.date_range("2020-12-31", periods=BARS, tz="UTC"),
    )
    prices = pd.Series(100 * np.cumprod(1 + np.random.default_rng(3).normal(0.001, 0.02, 240)), days)
    symbols = {"BTC": 1_240_000.0, "ETH": 610_000.0, "SOL": 180_000.0, "ADA": -90_000.0, "XRP": -420_000.0}
    hours = {hour: float(value) for hour, value in enumerate(np.random.default_rng(2).normal(2e4, 9e4, 24))}
    bridge = Bridge(7_053_611.0, -85_300.0, -45_500.0, -543_000.0, 197_000.0, 1_380.0, 6_578_191.0)
    return {
        "equity": backtest.equity(first, log=True, mode=mode),
        "compare": backtest.compare({"first": first, "second": second}, mode=mode),
        "rolling": backtest.rolling(first, mode=mode),
        "by_regime": backtest.by_regime(first, judged, mode=mode),
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
        **validated(mode),
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for mode in ("light", "dark"):
        for name, chart in drawn(mode).items():
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            print(backtest.save(chart, FOLDER / f"{name}-{mode}.png", width=WIDTH))


if __name__ == "__main__":
    main()
