"""The metrics that two packages need, each computed here and nowhere else.

Convention: volatility, Sharpe and Sortino come from daily returns times sqrt(365), at any interval, with a risk-free
rate of 0 and starting from capital. A day's equity is that at the close of the last bar opening before the next day's
start, carried over days without a bar. Unknown is NaN, never a division by zero: a ratio of a run that never moved, or
moved by the same amount each day; a yearly figure of less than 30 days; a Sortino of fewer than two losing days. A
profit factor without a loss is inf.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY, next_open

if TYPE_CHECKING:
    from cqs_core.trading.result import RunResult
    from cqs_core.trading.trades import Trades

Floats = npt.NDArray[np.float64]
Stamps = npt.NDArray[np.int64]
YEAR_DAYS = 365
SHORTEST = 30 / YEAR_DAYS
"""Years below which nothing is said of a year: it would be extrapolated from days."""
ROUNDING = 1e-13
"""Returns that differ by less are the same."""
LARGEST_POWER = 700.0
"""Growth above e to this power a year is unknown: floats end there."""
FEWEST_LOSSES = 2
"""Losing days below which Sortino is unknown."""
ANNUAL = math.sqrt(YEAR_DAYS)
"""By which a standard deviation or ratio of days becomes one of a year."""


def daily_equity(ts: Stamps, equity: Floats, day_start: int = 0) -> tuple[Stamps, Floats]:
    """Equity a day, from the first bar's day to the last one's.

    Args:
        ts: (T,) opens of the bars, ms UTC, increasing.
        equity: (T,) at their closes, quote currency.
        day_start: ms after 00:00 UTC at which a day begins.

    Returns:
        The days' starts in ms UTC, and the equity at their ends.
    """
    day = (ts - day_start) // DAY
    days = np.arange(day[0], day[-1] + 1)
    last = np.searchsorted(day, days, side="right") - 1  # the last bar at or before each day, so gaps carry equity over
    return days * DAY + day_start, equity[last]


def returns(equity: Floats, capital: float) -> Floats:
    """Return of each step as a fraction, the first one from capital; 0 where there was nothing left to earn with."""
    before: Floats = np.append(capital, equity[:-1])
    with np.errstate(over="ignore"):
        return np.divide(equity, before, out=np.ones(len(equity)), where=before > 0) - 1


def peaks(values: Floats, start: float) -> Floats:
    """The highest value up to each point, `start` included."""
    return np.maximum(np.maximum.accumulate(values), start)


def drawdowns(equity: Floats, capital: float) -> Floats:
    """Fraction (<= 0) by which each point is below the highest one so far, capital included."""
    return equity / peaks(equity, capital) - 1


def years(ts: Stamps, interval: str) -> float:
    """Years of 365 days from the first bar's open to the last one's close."""
    return float(next_open(interval, int(ts[-1])) - ts[0]) / (YEAR_DAYS * DAY)


def growth(final: float, capital: float, span: float) -> float:
    """Compound annual growth as a fraction; `span` in years, and NaN below 30 days."""
    if span < SHORTEST:
        return float("nan")
    if final <= 0:
        return -1.0
    power = (math.log(final) - math.log(capital)) / span
    return math.expm1(power) if power < LARGEST_POWER else float("nan")


def moves(values: Floats) -> bool:
    """Whether values differ by more than rounding."""
    return len(values) > 1 and bool(np.std(values) > ROUNDING * max(1.0, float(np.max(np.abs(values)))))


def volatility(daily: Floats) -> float:
    """Standard deviation (n - 1) of daily returns times sqrt(365), a fraction."""
    return float(np.std(daily, ddof=1)) * ANNUAL if len(daily) > 1 else float("nan")


def sharpe(daily: Floats) -> float:
    """Mean over standard deviation (n - 1) of daily returns times sqrt(365); NaN where all are the same."""
    return float(np.mean(daily)) / float(np.std(daily, ddof=1)) * ANNUAL if moves(daily) else float("nan")


def sortino(daily: Floats) -> float:
    """Mean of daily returns over the root mean square of the negative ones (over all days), times sqrt(365).

    NaN where fewer than two are negative: one says nothing of how they scatter.
    """
    down = np.minimum(daily, 0)
    if np.count_nonzero(down < -ROUNDING) < FEWEST_LOSSES:
        return float("nan")
    return _ratio(float(np.mean(daily)), float(np.sqrt(np.mean(down**2)))) * ANNUAL


def position_metrics(closed: Trades) -> dict[str, float]:
    """num_trades; win_rate, avg_win, avg_loss (percent); profit_factor (inf without a loss); of closed positions."""
    pnl, pct = closed["pnl"], closed["return_pct"]
    won, lost = pnl > 0, pnl < 0
    return {
        "num_trades": len(closed),
        "win_rate": 100 * _ratio(float(np.sum(won)), len(closed)),
        "avg_win": _mean(pct[won]),
        "avg_loss": _mean(pct[lost]),
        "profit_factor": _factor(float(np.sum(pnl[won])), -float(np.sum(pnl[lost]))),
    }


def performance(result: RunResult) -> dict[str, float]:
    """The metrics that every run shows.

    Percent: total_return, cagr, mdd (negative; over every bar), volatility, win_rate, avg_win, avg_loss. Ratios:
    sharpe, sortino, calmar (cagr over mdd), profit_factor. final_equity is in quote currency.
    """
    with np.errstate(all="ignore"):  # a curve near the limits of floats
        return _performance(result)


def _performance(result: RunResult) -> dict[str, float]:
    equity, costs, candles = result.execution.equity, result.costs, result.candles
    span = years(candles.ts, candles.interval)
    return {
        **curve_metrics(equity, costs.capital, result.daily_returns, span),
        **position_metrics(result.closed),
        "final_equity": float(equity[-1]),
    }


def curve_metrics(equity: Floats, capital: float, daily: Floats, span: float) -> dict[str, float]:
    """total_return, cagr, mdd, volatility (percent); sharpe, sortino, calmar; as in `performance`.

    Args:
        equity: (T,), at the bars' closes.
        capital: before the first bar.
        daily: (D,), returns of the days.
        span: years from the first bar to the last one's end.
    """
    final = float(equity[-1])
    cagr = growth(final, capital, span)
    mdd = min(float(np.min(drawdowns(equity, capital))), 0.0)
    return {
        "total_return": 100 * (final / capital - 1),
        "cagr": 100 * cagr,
        "mdd": 100 * mdd,
        "volatility": 100 * volatility(daily),
        "sharpe": sharpe(daily),
        "sortino": sortino(daily),
        "calmar": _ratio(cagr, -mdd),
    }


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else float("nan")


def _factor(won: float, lost: float) -> float:
    if lost > 0:
        return won / lost
    return float("inf") if won > 0 else float("nan")


def _mean(x: Floats) -> float:
    return float(np.mean(x)) if len(x) else float("nan")
