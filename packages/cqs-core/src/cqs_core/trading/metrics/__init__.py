"""The metrics that two packages need: their formulas, and the rules that more than one of them follows.

Unknown is NaN, never a division by zero: a ratio of a run that never moved, or moved by the same amount each day; a
yearly figure of less than 30 days; a Sortino of fewer than two losing days. A profit factor without a loss is inf.
"""

from cqs_core.trading.candles import Floats, Stamps
from cqs_core.trading.metrics.convention import DAILY, POSITIONS, Convention
from cqs_core.trading.metrics.curve import SHORTEST, drawdowns, growth, max_drawdown, peaks, years
from cqs_core.trading.metrics.daily import Daily, daily_equity, daily_of, last_rows, returns
from cqs_core.trading.metrics.daily_metrics import (
    A_YEAR,
    ANNUAL,
    DAILY_METRICS,
    DAILY_RETURNS,
    FORMULAS,
    YEAR_DAYS,
    moves,
    sharpe,
    sortino,
    volatility,
)
from cqs_core.trading.metrics.performance import (
    curve_metrics,
    curve_numbers,
    performance,
    position_metrics,
    position_numbers,
)
from cqs_core.trading.metrics.win_rate import WIN_RATE, WINS, wins

__all__ = [
    "ANNUAL",
    "A_YEAR",
    "DAILY",
    "DAILY_METRICS",
    "DAILY_RETURNS",
    "FORMULAS",
    "POSITIONS",
    "SHORTEST",
    "WINS",
    "WIN_RATE",
    "YEAR_DAYS",
    "Convention",
    "Daily",
    "Floats",
    "Stamps",
    "curve_metrics",
    "curve_numbers",
    "daily_equity",
    "daily_of",
    "drawdowns",
    "growth",
    "last_rows",
    "max_drawdown",
    "moves",
    "peaks",
    "performance",
    "position_metrics",
    "position_numbers",
    "returns",
    "sharpe",
    "sortino",
    "volatility",
    "wins",
    "years",
]
