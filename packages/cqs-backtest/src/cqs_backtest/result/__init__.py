"""The result of a backtest: performance, curves, trades, badges; it displays itself in a notebook."""

from cqs_backtest.result.performance import Performance
from cqs_backtest.result.result import Result

__all__ = ["Performance", "Result"]
