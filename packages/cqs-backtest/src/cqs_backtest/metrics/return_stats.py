"""Statistics of an equity curve."""

from __future__ import annotations

import numpy as np

from cqs_backtest.metrics.calendar import period_returns
from cqs_backtest.metrics.drawdowns import spells
from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import YEAR_DAYS, Daily, Floats, Stamps, drawdowns, moves, peaks

_NAN = float("nan")


def daily_numbers(days: Daily) -> dict[str, float]:
    """Statistics of daily returns; percent where `conventions` says so."""
    daily = days.returns
    up, down = daily[daily > 0], daily[daily < 0]
    low, high = _percentiles(np.sort(daily), (0.05, 0.95))
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
    months = period_returns(days, equity, capital, "M")[1]
    years = period_returns(days, equity, capital, "Y")[1]
    return {
        "best_month": float(months.max()),
        "worst_month": float(months.min()),
        "positive_months": 100 * _ratio(int(np.sum(months > 0)), int(np.sum(months != 0))),
        "best_year": float(years.max()),
        "worst_year": float(years.min()),
    }


def drawdown_numbers(ts: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Statistics of all drawdowns, over every bar."""
    high, under = peaks(equity, capital), drawdowns(equity, capital)
    first, stop = spells(equity, high)
    last = np.minimum(stop, len(ts) - 1)
    days = (ts[last] - ts[np.maximum(first - 1, 0)]) / DAY
    depth = np.minimum.reduceat(under, first) if len(first) else under[:0]
    return {
        "avg_drawdown": 100 * float(depth.mean()) if len(depth) else 0.0,
        "longest_drawdown": float(days.max(initial=0.0)),
        "recovery_days": _recovery(ts, under, equity, high),
        "ulcer_index": 100 * float(np.sqrt(np.mean(under**2))),
        "under_water": 100 * float(np.mean(under < 0)),
    }


def _recovery(ts: Stamps, under: Floats, equity: Floats, high: Floats) -> float:
    """Days from the deepest point back to the high before it; NaN where there is no fall, or no way back yet."""
    low = int(np.argmin(under))
    back = equity[low:] >= high[low]
    return float(ts[low + int(np.argmax(back))] - ts[low]) / DAY if under[low] < 0 and back.any() else _NAN


def _moment(daily: Floats, power: int) -> float:
    deviations = daily - daily.mean()
    if not moves(daily):
        return _NAN
    scaled = deviations / float(np.sqrt(np.mean(deviations * deviations)))
    return float(np.mean(scaled * scaled * (scaled if power == 3 else scaled * scaled)))


def _percentiles(ordered: Floats, shares: tuple[float, ...]) -> list[float]:
    """Like numpy's, with linear interpolation, without its 100 microseconds of overhead."""
    at = np.array(shares) * (len(ordered) - 1)
    return [float(x) for x in np.interp(at, np.arange(len(ordered)), ordered)]


def _ratio(a: float, b: float) -> float:
    if b > 0:
        return a / b
    return float("inf") if a > 0 else _NAN
