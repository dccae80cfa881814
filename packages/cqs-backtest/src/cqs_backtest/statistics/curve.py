"""Numbers of an equity curve alone."""

from __future__ import annotations

import numpy as np

from cqs_backtest.statistics.calendar import monthly_returns, yearly_returns
from cqs_backtest.statistics.drawdowns import all_drawdowns
from cqs_core.metrics import YEAR_DAYS, Floats, Stamps

_NAN = float("nan")


def daily_numbers(daily: Floats) -> dict[str, float]:
    """Of daily returns (fractions, from capital); percent where `conventions` says so."""
    up, down = daily[daily > 0], daily[daily < 0]
    low, high = np.percentile(daily, [5, 95])
    return {
        "downside_volatility": 100 * float(np.sqrt(np.mean(np.minimum(daily, 0) ** 2) * YEAR_DAYS)),
        "omega": _ratio(float(up.sum()), -float(down.sum())),
        "var_95": 100 * float(low),
        "cvar_95": 100 * float(np.mean(daily[daily <= low])),
        "skew": _moment(daily, 3),
        "kurtosis": _moment(daily, 4) - 3,
        "tail_ratio": _ratio(abs(float(high)), abs(float(low))),
        "best_day": 100 * float(daily.max()),
        "worst_day": 100 * float(daily.min()),
        "positive_days": 100 * _ratio(len(up), len(up) + len(down)),
    }


def calendar_numbers(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Best and worst months and years, percent."""
    months = np.array(list(monthly_returns(days, equity, capital).values()))
    years = np.array(list(yearly_returns(days, equity, capital).values()))
    return {
        "best_month": float(months.max()),
        "worst_month": float(months.min()),
        "positive_months": 100 * _ratio(int(np.sum(months > 0)), int(np.sum(months != 0))),
        "best_year": float(years.max()),
        "worst_year": float(years.min()),
    }


def drawdown_numbers(ts: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Of all drawdowns, over every bar."""
    found = all_drawdowns(ts, equity, capital)
    high = np.maximum(np.maximum.accumulate(equity), capital)
    under = equity / high - 1
    deepest = min(found, key=lambda drawdown: drawdown.depth_pct, default=None)
    recovery = _NAN if deepest is None or deepest.recovery_days is None else deepest.recovery_days
    return {
        "avg_drawdown": float(np.mean([d.depth_pct for d in found])) if found else 0.0,
        "longest_drawdown": max((d.days for d in found), default=0.0),
        "recovery_days": recovery,
        "ulcer_index": 100 * float(np.sqrt(np.mean(under**2))),
        "under_water": 100 * float(np.mean(under < 0)),
    }


def _moment(daily: Floats, power: int) -> float:
    spread = float(np.std(daily))
    return float(np.mean(((daily - np.mean(daily)) / spread) ** power)) if spread > 0 else _NAN


def _ratio(a: float, b: float) -> float:
    if b > 0:
        return a / b
    return float("inf") if a > 0 else _NAN
