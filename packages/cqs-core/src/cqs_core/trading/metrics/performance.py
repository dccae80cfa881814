"""The metrics that every run shows, and the sums that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.trading.metrics.curve import growth, max_drawdown, years
from cqs_core.trading.metrics.daily_metrics import FORMULAS
from cqs_core.trading.metrics.win_rate import wins

if TYPE_CHECKING:
    from cqs_core.trading.candles import Floats
    from cqs_core.trading.metrics.daily import Daily
    from cqs_core.trading.result import RunResult
    from cqs_core.trading.trades import Trades


def performance(result: RunResult) -> dict[str, float]:
    """The metrics that every run shows.

    Percent: total_return, cagr, mdd (negative; over every bar), volatility, win_rate, avg_win, avg_loss. Ratios:
    sharpe, sortino, calmar (cagr over mdd), profit_factor. final_equity is in quote currency.
    """
    with np.errstate(all="ignore"):  # a curve near the limits of floats
        equity, costs, candles = result.execution.equity, result.costs, result.candles
        curve = curve_metrics(equity, costs.capital, result.daily, years(candles.ts, candles.interval))
        return {**curve, **position_metrics(result.closed), "final_equity": float(equity[-1])}


def curve_metrics(equity: Floats, capital: float, daily: Daily, span: float) -> dict[str, float]:
    """total_return, cagr, mdd, volatility (percent); sharpe, sortino, calmar; as in `performance`.

    Args:
        equity: (T,), at the bars' closes.
        capital: before the first bar.
        daily: of the same curve.
        span: years from the first bar to the last one's end.
    """
    depth = np.atleast_1d(max_drawdown(equity, capital))
    found = curve_numbers(np.array([equity[-1]]), depth, capital, span)
    curve = {name: float(values[0]) for name, values in found.items()}
    calmar = curve.pop("calmar")
    return {**curve, **{name: formula(daily) for name, formula in FORMULAS.items()}, "calmar": calmar}


def curve_numbers(final: Floats, depth: Floats, capital: float, span: float) -> dict[str, Floats]:
    """total_return, cagr, mdd (percent) and calmar of K curves.

    Args:
        final: (K,) equity at the end.
        depth: (K,) deepest drawdown, a fraction of at most 0.
        capital: before the first bar.
        span: years from the first bar to the last one's end.
    """
    cagr = np.array([growth(float(value), capital, span) for value in final])
    return {
        "total_return": 100 * (final / capital - 1),
        "cagr": 100 * cagr,
        "mdd": 100 * depth,
        "calmar": _ratio(cagr, -depth),
    }


def position_metrics(closed: Trades) -> dict[str, float]:
    """num_trades; win_rate, avg_win, avg_loss (percent); profit_factor (inf without a loss); of closed positions."""
    pnl, pct = closed["pnl"], closed["return_pct"]
    gain, loss = pnl > 0, pnl < 0
    counts = len(closed), np.sum(wins(pnl, pct)), np.sum(gain), np.sum(loss)
    sums = np.sum(pct[gain]), np.sum(pct[loss]), np.sum(pnl[gain]), -np.sum(pnl[loss])
    found = {name: float(value) for name, value in position_numbers(*counts, *sums).items()}
    return {"num_trades": len(closed), **found}


def position_numbers(
    trades: Any, won: Any, gains: Any, losses: Any, gains_pct: Any, losses_pct: Any, gained: Any, lost: Any
) -> dict[str, Floats]:
    """All but num_trades, from counts of closed positions, sums of percent, and sums of money (both positive).

    `won` counts by the rule of the win rate; gains are profits above 0, losses those below. All are numbers, or all are
    (K,) for K runs.
    """
    return {
        "win_rate": 100 * _ratio(won, trades),
        "avg_win": _ratio(gains_pct, gains),
        "avg_loss": _ratio(losses_pct, losses),
        "profit_factor": np.where((lost > 0) | (gained <= 0), _ratio(gained, lost), np.inf),
    }


def _ratio(a: Any, b: Any) -> Floats:
    """NaN where there is nothing to divide by."""
    with np.errstate(all="ignore"):  # np.where takes the good ones of all
        return np.where(b > 0, np.divide(a, b), np.nan)
