"""Charts of a sweep: a heatmap of two parameters; parallel coordinates and a scatter that are brushed together."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest import charts
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_core import UsageError
from cqs_panel import WIDE, beside, html, label, pair, section, stack
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_backtest.search.objective import Objective
    from cqs_panel import PageState

_OTHERS = {"best of them": "best", "their mean": "mean", "mean with the neighbors": "neighborhood"}
_AXES = ("cagr", "mdd", "num_trades")  # beside the parameters and the objective
_MOST_AXES = 8
_TALL, _FIELDS = 380, 52  # pixels of a chart, and of one more row of fields above the other one
_KEPT = ("x", "y", "metric", "others", "across", "up")


class SweepCharts(pn.viewable.Viewer):
    """The charts of a sweep's rows; what they show is in the address.

    Args:
        page: the view that shows them.
        searched: columns of the parameters that were searched.
        objective: of the sweep.
        open_set: called with the number of the set whose cell was clicked.
        brushed: called with the numbers of the sets that are brushed; none where no brush is left.
    """

    x: param.Selector[Any] = param.Selector(label="From left to right", doc="A parameter.")
    y: param.Selector[Any] = param.Selector(label="From bottom to top", doc="Another one.")
    metric: param.Selector[Any] = param.Selector(label="Color", doc="The metric that gives the color.")
    others: param.Selector[Any] = param.Selector(
        default="best", objects=_OTHERS, label="Sets that share a cell", doc="What stands for them."
    )
    across: param.Selector[Any] = param.Selector(label="From left to right", doc="A column of the rows.")
    up: param.Selector[Any] = param.Selector(label="From bottom to top", doc="Another one.")

    def __init__(
        self,
        page: PageState,
        searched: Sequence[str],
        objective: Objective,
        open_set: Callable[[int], Any],
        brushed: Callable[[list[int]], Any],
    ) -> None:
        super().__init__()
        self._page, self._searched, self._objective = page, list(searched), objective
        self._rows = pd.DataFrame()
        self._marks: Mapping[str, Mapping[str, Any]] = {}
        self._offer()
        self._heat = ChartPane(page, _TALL).on_select("set", lambda sets: self._clicked(sets, open_set))
        self._lines = ChartPane(page, 320).on_select("set", lambda sets: self._brush(sets, self._points))
        self._points = ChartPane(page, _TALL).on_select("set", lambda sets: self._brush(sets, self._lines))
        self._brushed = brushed
        self.param.watch(lambda *_: self._keep(), list(_KEPT))
        self.param.watch(lambda *_: self._draw_heat(), ["x", "y", "metric", "others"])
        self.param.watch(lambda *_: self._draw_points(), ["across", "up"])
        self.param.watch(lambda *_: self._draw_both(), ["metric"])

    def __panel__(self) -> Any:
        own = self.param
        fields = {"size": "small", "sizing_mode": "stretch_width", "margin": (6, 0)}
        axes = pair(pmui.Select.from_param(own.x, **fields), pmui.Select.from_param(own.y, **fields))
        colors = pair(pmui.Select.from_param(own.metric, **fields), pmui.Select.from_param(own.others, **fields))
        two = pair(pmui.Select.from_param(own.across, **fields), pmui.Select.from_param(own.up, **fields))
        heat = section("Two parameters", axes, colors, self._heat, note="click a cell to run its best set")
        lines = section(
            "All sets", self._lines, note="drag along an axis to keep sets; several axes add up; double-click to clear"
        )
        points = section("Any two columns", two, self._points, note="drag to choose sets; the table follows")
        return stack(beside(heat, points), lines)

    def update(self, rows: pd.DataFrame, marks: Mapping[str, Mapping[str, Any]]) -> None:
        """Draw these rows, with these sets marked."""
        self._rows, self._marks = rows, marks
        self._draw_heat()
        self._draw_both()

    def _offer(self) -> None:
        """What can be chosen; the address says what was."""
        parameters = {label(name.removeprefix("parameter_")): name for name in self._searched}
        metrics = {CONVENTIONS[n].label: n for n in dict.fromkeys([*self._objective.goals, *HEADLINE])}
        columns = parameters | metrics
        goals = self._objective.goals
        first = {
            "x": (parameters, self._searched[0]),
            "y": (parameters, self._searched[1 if len(self._searched) > 1 else 0]),
            "metric": (metrics, self._objective.metric),
            "across": (columns, goals[1] if goals[1:] else "mdd"),
            "up": (columns, goals[0] if goals[1:] else "cagr"),
        }
        for name, (options, value) in first.items():
            self.param[name].objects = options
            asked = self._page.query.get(name)
            setattr(self, name, asked if asked in options.values() else value)
        asked = self._page.query.get("others")
        self.others = asked if asked in _OTHERS.values() else "best"
        self._first = {name: value for name, (_, value) in first.items()} | {"others": "best"}

    def _keep(self) -> None:
        now = {name: getattr(self, name) for name in _KEPT}
        self._page.remember(**{name: value if value != self._first[name] else None for name, value in now.items()})

    def _draw_heat(self) -> None:
        rows, marks = self._rows, self._marks
        chosen = {"metric": self.metric, "others": self.others, "lower_is_better": self._lower, "marks": marks}
        x, y = self.x, self.y
        self._heat.draw(lambda: _or_why(lambda: charts.heatmap(rows, x, y, **chosen, mode="page")))

    def _draw_both(self) -> None:
        rows, metric, lower = self._rows, self.metric, self._lower
        known = [name for name in _AXES if name in rows]
        axes = list(dict.fromkeys([*self._searched, *self._objective.goals, metric, *known]))[:_MOST_AXES]
        self._lines.draw(
            lambda: _or_why(lambda: charts.parallel(rows, axes, metric=metric, lower_is_better=lower, mode="page"))
        )
        self._draw_points()

    def _draw_points(self) -> None:
        rows, chosen = self._rows, {"metric": self.metric, "lower_is_better": self._lower}
        x, y = self.across, self.up
        self._points.draw(
            lambda: _or_why(lambda: charts.scatter(rows, x, y, **chosen, height=_TALL + _FIELDS, mode="page"))
        )

    @property
    def _lower(self) -> bool:
        return self._objective.sign(self.metric) < 0

    def _clicked(self, sets: list[str], open_set: Callable[[int], Any]) -> None:
        """Open the set of a cell; HoloViews has the numbers of sets as text, and "-" where there is none."""
        if sets and sets[0].isdecimal():
            self._heat.select("set", [])  # the same cell may be clicked again
            open_set(int(sets[0]))

    def _brush(self, sets: list[int], other: ChartPane) -> None:
        other.select("set", sets)
        self._brushed(sets)


def _or_why(make: Callable[[], Any]) -> Any:
    """The chart; why there is none, where its rows cannot be drawn."""
    try:
        return make()
    except UsageError as error:
        return html(f"<p>{escape(str(error))}</p>", **WIDE)
