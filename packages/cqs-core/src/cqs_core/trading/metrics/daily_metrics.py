"""Volatility, Sharpe and Sortino: formula, words and version of each in one place.

Runs, rolling charts, walk-forward, stress, Monte Carlo and the deflated Sharpe ratio call these functions. Searches
compile them, so they use numpy, `math` and names of this module only: what is compiled is kept on disk until this file
changes. If you change a formula, change its words and raise its version.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.trading.metrics.convention import DAILY, Convention

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core.trading.candles import Floats
    from cqs_core.trading.metrics.daily import Daily

YEAR_DAYS = 365
ANNUAL = math.sqrt(YEAR_DAYS)
"""Factor from a standard deviation or ratio of days to one of a year."""
DAILY_RETURNS = "daily returns (risk-free rate 0, from capital)"
A_YEAR = f"x sqrt({YEAR_DAYS})"
_ROUNDING = 1e-13  # returns that differ by less are the same
_FEWEST_LOSSES = 2  # losing days


def volatility(daily: Daily) -> float:
    """Percent; see `DAILY_METRICS`."""
    values = daily.returns
    if len(values) < 2:
        return math.nan
    return float(100 * values.std() * math.sqrt(len(values) / (len(values) - 1)) * ANNUAL)


def sharpe(daily: Daily) -> float:
    """See `DAILY_METRICS`; NaN where all returns are the same."""
    values = daily.returns
    if len(values) < 2:
        return math.nan
    mean, spread = values.mean(), values.std()
    if not spread > _ROUNDING * max(1.0, abs(mean)):
        return math.nan
    return float(mean / (spread * math.sqrt(len(values) / (len(values) - 1))) * ANNUAL)


def sortino(daily: Daily) -> float:
    """See `DAILY_METRICS`; NaN where fewer than two days lose: one does not say how losses scatter."""
    values = daily.returns
    losses = np.minimum(values, 0.0)
    if np.count_nonzero(losses < -_ROUNDING) < _FEWEST_LOSSES:
        return math.nan
    spread = math.sqrt((losses * losses).mean())
    return float(values.mean() / spread * ANNUAL) if spread > 0 else math.nan


def moves(values: Floats) -> bool:
    """Whether values differ by more than rounding."""
    return len(values) > 1 and bool(np.std(values) > _ROUNDING * max(1.0, float(np.max(np.abs(values)))))


FORMULAS: dict[str, Callable[[Daily], float]] = {"volatility": volatility, "sharpe": sharpe, "sortino": sortino}
DAILY_METRICS = {
    metric.name: metric
    for metric in (
        Convention("volatility", "Volatility", "%", f"standard deviation (n - 1) of {DAILY_RETURNS} {A_YEAR}", DAILY),
        Convention(
            "sharpe",
            "Sharpe",
            "",
            f"mean over standard deviation (n - 1) of {DAILY_RETURNS} {A_YEAR}",
            DAILY,
            version=2,
        ),
        Convention(
            "sortino",
            "Sortino",
            "",
            f"mean over root mean square of the negative ones, all {DAILY_RETURNS} {A_YEAR}; from two losing days on",
            DAILY,
            version=2,
        ),
    )
}
