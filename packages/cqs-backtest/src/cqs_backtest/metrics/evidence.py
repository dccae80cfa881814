"""The input of metrics: a run and its benchmark, or daily returns alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.metrics.benchmark import basket, benchmark_numbers
from cqs_backtest.metrics.conventions import BENCHMARK, CALENDAR, DAILY, EQUITY, FILLS, POSITIONS
from cqs_backtest.metrics.position_stats import money_numbers, position_numbers
from cqs_backtest.metrics.return_stats import calendar_numbers, daily_numbers, drawdown_numbers
from cqs_core.trading.metrics import Floats, daily_equity, position_metrics, sharpe, sortino, volatility

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cqs_core import RunResult


_OF_DAYS: dict[str, Callable[[Floats], float]] = {
    "volatility": lambda daily: 100 * volatility(daily),
    "sharpe": sharpe,
    "sortino": sortino,
}


class Evidence:
    """Numbers by the series that they come from, each series computed once."""

    def __init__(
        self, result: RunResult | None, benchmark: Floats | None = None, *, daily: Floats | None = None
    ) -> None:
        """From a run; or, without one, from daily returns (fractions) alone."""
        self._result, self._benchmark, self._daily = result, benchmark, daily
        self._known: dict[str, Mapping[str, float]] = {}

    def number(self, series: str, name: str) -> float:
        """One of a series.

        Raises:
            KeyError: there is no such number.
        """
        if series == DAILY and name in _OF_DAYS:
            return _OF_DAYS[name](self._days_returns())
        if series not in self._known:
            self._known[series] = self._computed(series)
        return self._known[series][name]

    def _days_returns(self) -> Floats:
        if self._daily is None and self._result is not None:
            self._daily = self._result.daily_returns
        return self._daily if self._daily is not None else np.zeros(0)

    def _computed(self, series: str) -> Mapping[str, float]:
        if series == DAILY:
            return daily_numbers(self._days_returns())
        if self._result is None:
            raise KeyError(f"{series} of daily returns alone")
        result, capital = self._result, self._result.costs.capital
        makers = {
            EQUITY: lambda: result.performance | drawdown_numbers(result.candles.ts, result.execution.equity, capital),
            CALENDAR: lambda: calendar_numbers(
                *daily_equity(result.candles.ts, result.execution.equity, result.day_start), capital
            ),
            POSITIONS: lambda: position_metrics(result.closed) | position_numbers(result),
            FILLS: lambda: money_numbers(result),
            BENCHMARK: lambda: benchmark_numbers(
                result, basket(result) if self._benchmark is None else self._benchmark
            ),
        }
        return makers[series]()
