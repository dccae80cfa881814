"""Every number that a run shows, by name; `cqs_backtest.conventions` says how each is computed."""

from cqs_backtest.statistics.calendar import monthly_returns, yearly_returns
from cqs_backtest.statistics.drawdowns import Drawdown, worst_drawdowns
from cqs_backtest.statistics.summary import rolled, statistics

__all__ = ["Drawdown", "monthly_returns", "rolled", "statistics", "worst_drawdowns", "yearly_returns"]
