"""All numbers of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_backtest.statistics.benchmark import basket, benchmark_numbers
from cqs_backtest.statistics.curve import calendar_numbers, daily_numbers, drawdown_numbers
from cqs_backtest.statistics.held import money_numbers, position_numbers
from cqs_core.metrics import Floats, daily_equity

if TYPE_CHECKING:
    from cqs_core import RunResult


def statistics(result: RunResult, benchmark: Floats | None = None) -> dict[str, float]:
    """By name, in the order in which they are shown; see `cqs_backtest.conventions` for units.

    Args:
        result: of the run.
        benchmark: (T,) equity to compare with; its own symbols, bought and held in equal weights, by default.
    """
    equity, capital = result.execution.equity, result.costs.capital
    days, at_end = daily_equity(result.candles.ts, equity, result.day_start)
    return {
        **result.performance,
        **daily_numbers(result.daily_returns),
        **calendar_numbers(days, at_end, capital),
        **drawdown_numbers(result.candles.ts, equity, capital),
        **position_numbers(result),
        **money_numbers(result),
        **benchmark_numbers(result, basket(result) if benchmark is None else benchmark),
    }
