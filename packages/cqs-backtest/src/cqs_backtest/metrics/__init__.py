"""Every number that a run shows, by name; `cqs_backtest.metrics.conventions` says how each is computed."""

from cqs_backtest.metrics.calendar import monthly_returns, yearly_returns
from cqs_backtest.metrics.drawdowns import EquityDrawdown, worst_drawdowns
from cqs_backtest.metrics.run_statistics import rolled, statistics

__all__ = ["EquityDrawdown", "monthly_returns", "rolled", "statistics", "worst_drawdowns", "yearly_returns"]
