"""The input of metrics: a run and its benchmark, or daily returns alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_backtest.metrics.benchmark import basket, benchmark_numbers
from cqs_backtest.metrics.conventions import BENCHMARK, CALENDAR, EQUITY, FILLS
from cqs_backtest.metrics.position_stats import money_numbers, position_numbers
from cqs_backtest.metrics.return_stats import calendar_numbers, daily_numbers, drawdown_numbers
from cqs_core.trading.metrics import (
    DAILY,
    FORMULAS,
    POSITIONS,
    Convention,
    Daily,
    Floats,
    daily_equity,
    position_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import RunResult


class Evidence:
    """Numbers by the series that they come from, each series computed once."""

    def __init__(
        self, result: RunResult | None, benchmark: Floats | None = None, *, daily: Daily | None = None
    ) -> None:
        """From a run; or, without one, from daily returns alone."""
        self._result, self._benchmark, self._daily = result, benchmark, daily
        self._known: dict[str, Mapping[str, float]] = {}

    def value(self, metric: Convention) -> float:
        """A metric; NaN where it is unknown.

        Raises:
            KeyError: there is no such number.
        """
        value = float(self._number(metric.series, metric.name))
        infinite = value in (float("inf"), float("-inf"))
        return float("nan") if infinite and not metric.unlimited else value

    def _number(self, series: str, name: str) -> float:
        if name in FORMULAS:
            return FORMULAS[name](self._days())
        if series not in self._known:
            self._known[series] = self._computed(series)
        return self._known[series][name]

    def _days(self) -> Daily:
        if self._daily is None:
            if self._result is None:
                raise KeyError("neither a run nor daily returns")
            self._daily = self._result.daily
        return self._daily

    def _computed(self, series: str) -> Mapping[str, float]:
        if series == DAILY:
            return daily_numbers(self._days())
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
