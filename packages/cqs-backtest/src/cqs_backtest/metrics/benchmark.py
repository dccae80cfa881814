"""A run against buying and holding: its symbols in equal weights, or one market."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.trading.metrics import ANNUAL, YEAR_DAYS, Floats, daily_of, growth, moves, years

if TYPE_CHECKING:
    from cqs_core import Candles, RunResult

_NAN = float("nan")


def basket(result: RunResult) -> Floats:
    """(T,): equity of the run's symbols, bought in equal weights at their first opens from the same capital, no costs.

    The share of symbols that are listed later waits as cash.
    """
    candles = result.candles
    present = candles.present
    first = np.argmax(present, axis=0)
    bought = candles.open[first, np.arange(candles.shape[1])]
    # The index of the last bar so far: a running maximum of row numbers, 0 in rows without a bar.
    last = np.maximum.accumulate(np.where(present, np.arange(candles.shape[0])[:, None], 0), axis=0)
    price = np.take_along_axis(candles.close, last, axis=0)
    here = np.maximum.accumulate(present, axis=0)  # True from the first bar on
    share: Floats = np.where(here, price / bought, 1.0)
    equity: Floats = result.costs.capital * share.mean(axis=1)
    return equity


def bought_and_held(result: RunResult, market: Candles) -> Floats:
    """(T,): equity of one market at the run's bars, bought at its first open from the same capital, no costs.

    Until that open the capital waits as cash; over a missing bar the last close stays.
    """
    at = np.searchsorted(market.ts, result.candles.ts, side="right") - 1
    share = np.where(at >= 0, market.close[at, 0] / market.open[0, 0], 1.0)
    equity: Floats = result.costs.capital * share
    return equity


def benchmark_numbers(result: RunResult, benchmark: Floats) -> dict[str, float]:
    """Alpha a year, beta and the rest, from daily returns of both; alpha after Jensen with a risk-free rate of 0."""
    ts, capital = result.candles.ts, result.costs.capital
    daily = result.daily_returns
    other = daily_of(ts, benchmark, capital, result.day_start).returns
    span = years(ts, result.candles.interval)
    active = daily - other
    beta = float(np.cov(daily, other)[0, 1]) / float(np.var(other, ddof=1)) if moves(other) else _NAN
    error = float(np.std(active, ddof=1)) if len(active) > 1 else _NAN
    return {
        "benchmark_return": 100 * (float(benchmark[-1]) / capital - 1),
        "benchmark_cagr": 100 * growth(float(benchmark[-1]), capital, span),
        "beta": beta,
        "alpha": 100 * YEAR_DAYS * float(np.mean(daily) - beta * np.mean(other)),
        "correlation": _correlation(daily, other),
        "tracking_error": 100 * error * ANNUAL,
        "information_ratio": float(np.mean(active)) / error * ANNUAL if moves(active) else _NAN,
    }


def _correlation(one: Floats, other: Floats) -> float:
    if not (moves(one) and moves(other)):
        return _NAN
    return float(np.corrcoef(one, other)[0, 1])
