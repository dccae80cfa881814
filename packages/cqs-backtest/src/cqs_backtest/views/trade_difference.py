"""Candles with the trades that only one of two compared runs has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from cqs_backtest.runs.run_comparison import only_one_has
from cqs_core import Series
from cqs_core.time.clock import parse_moment
from cqs_core.time.intervals import length
from cqs_panel import Line, Marks, Spot, SpotChart, ended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.runs import StoredRun
    from cqs_core.time.clock import Time
    from cqs_panel import Layer, PageState

_NOTE = "trades that only one run has, from entry to exit: blue those of run 1, amber those of the other run"


class TradeDifference(pn.viewable.Viewer):
    """One market at a time: at first that of the newest trade that differs; a click on a row chooses another.

    Args:
        page: that compares runs.
        runs: at least two; the first one is compared with each other one.
    """

    def __init__(self, page: PageState, runs: Sequence[StoredRun]) -> None:
        super().__init__()
        self._runs = {run.id: run for run in runs}
        self._first = runs[0]
        self._different: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {}
        day_start = self._first.manifest["day_start"]
        self._chart = SpotChart(page, "cqs-difference", _NOTE, height=320, day_start=day_start)
        self._place = pn.Column(visible=False, sizing_mode="stretch_width", margin=0)
        self._begin(runs[1])

    def __panel__(self) -> Any:
        return self._place

    def show(self, row: dict[str, Any]) -> None:
        """The candles around a trade that differs.

        Args:
            row: of `trades` in a comparison.
        """
        other = self._runs[row["run"]]
        start = _ms(row["entry_time"])
        end = _ms(row["exit_time"]) if row["exit_time"] else int(self._first.ts[-1])
        where = {"entered": f"only in run {self._number(other)}", "left": "only in run 1"}
        label = f"{where.get(row['change'], row['change'])}, {row['return_pct']:+.2f} %"
        self._draw(other, row["symbol"], Spot(start, end, label))

    def _begin(self, other: StoredRun) -> None:
        trades = [trade for each in self._sides(other) for trade in each]
        if trades:
            self._draw(other, max(trades, key=lambda trade: trade["entry_time"])["symbol"], None)

    def _sides(self, other: StoredRun) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Trades of the first run alone, and of another one alone; found once, not at every click."""
        if other.id not in self._different:
            self._different[other.id] = only_one_has(self._first, other)
        return self._different[other.id]

    def _draw(self, other: StoredRun, symbol: str, spot: Spot | None) -> None:
        made = self._first.manifest
        series = Series(made["exchange"], symbol, made["interval"])
        sides = [[one for one in each if one["symbol"] == symbol] for each in self._sides(other)]
        end = int(self._first.ts[-1]) + length(made["interval"])
        numbers = (1, self._number(other))
        layers = [layer for number, each in zip(numbers, sides, strict=True) for layer in _layers(number, each, end)]
        self._place[:] = [self._chart]
        self._place.visible = True
        self._chart.show(series, layers, spot, past=ended("this run", end, made["interval"]))

    def _number(self, run: StoredRun) -> int:
        return list(self._runs).index(run.id) + 1


def _layers(number: int, trades: Sequence[dict[str, Any]], end: int) -> list[Layer]:
    """A line from entry to exit for each trade, and marks at both ends; also without trades, to keep the colors."""
    name = f"only in run {number}"
    closed = [trade for trade in trades if trade["exit_time"] is not None]
    ts: list[int] = []
    values: list[float] = []
    for trade in trades:
        is_open = trade["exit_time"] is None
        stop = end if is_open else _ms(trade["exit_time"])
        ts += [_ms(trade["entry_time"]), stop, stop]
        values += [trade["entry_price"], trade["entry_price"] if is_open else trade["exit_price"], np.nan]
    return [
        Line(name, np.array(ts, np.int64), np.array(values, np.float64)),
        _marks(f"bought, {name}", trades, "entry", "buy"),
        _marks(f"sold, {name}", closed, "exit", "sell"),
    ]


def _marks(text: str, trades: Sequence[dict[str, Any]], edge: str, side: Any) -> Marks:
    times = np.array([_ms(trade[f"{edge}_time"]) for trade in trades], np.int64)
    prices = np.array([trade[f"{edge}_price"] for trade in trades], np.float64)
    return Marks(text, times, prices, side, [f"{text}, {trade['return_pct']:+.2f} %" for trade in trades])


def _ms(time: Time) -> int:
    return parse_moment(time)[0]
