"""Cumulative PnL over its drawdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource

from cqs_monitor.performance.statistics import drawdown
from cqs_panel import WIDE, empty, html, tones
from cqs_panel.charts import crosshair, hover, legend_html, pane, show_all, time_figure, whole_numbers
from cqs_panel.theme import ACCENT, OTHERS

if TYPE_CHECKING:
    from cqs_monitor.performance.report import Report

_DAY = 86_400_000


class PnlChart(pn.viewable.Viewer):
    """One point a day on which something was realised; accounts thin, their total thick."""

    def __init__(self) -> None:
        super().__init__()
        self._data = ColumnDataSource({"ts": [], "total": [], "fall": [], "day": []})
        self._depth = ColumnDataSource({"ts": [], "fall": []})  # with a point before each change: areas cannot step
        self._upper = time_figure(250)
        self._lower = time_figure(110, x_range=self._upper.x_range, toolbar_location=None)
        red = tones().down
        self._lower.varea("ts", "fall", 0, source=self._depth, fill_color=red, fill_alpha=0.25)
        self._lower.line("ts", "fall", source=self._depth, color=red, line_width=1.2)
        self._total = self._upper.step("ts", "total", source=self._data, color=ACCENT, line_width=2.2, mode="after")
        self._curves: dict[str, Any] = {}
        self._legend = html("")
        rows = [("", "@ts{%F}"), ("Day", "@day{custom}"), ("Total", "@total{custom}"), ("Below high", "@fall{custom}")]
        formatters = {"@ts": "datetime", **whole_numbers("day", "total", "fall")}
        self._upper.add_tools(hover([self._total], rows, formatters=formatters))
        self._upper.xaxis.visible = False
        self._lower.yaxis.ticker.desired_num_ticks = 3
        crosshair(self._upper, self._lower, level=self._upper)
        self._figures = pn.Column(self._legend, pane(self._upper), pane(self._lower), **WIDE)
        self._blank = empty("Nothing realized yet", "The curve begins with the first sale.")
        self._root = pn.Column(**WIDE)

    def __panel__(self) -> Any:
        return self._root

    def update(self, report: Report) -> None:
        """Draw another report; the same one is not drawn again."""
        if set(self._curves) != set(report.curves):
            self._redraw(list(report.curves))
        start = report.days[:1] - 1  # every curve begins at nothing, the day before
        total = np.r_[np.zeros(len(start)), report.cumulative]
        days = np.r_[start, report.days] * float(_DAY)
        data = {"ts": days, "total": total, "fall": drawdown(total), "day": np.diff(total, prepend=0.0)}
        data |= {f"curve{i}": np.r_[np.zeros(len(start)), curve] for i, curve in enumerate(report.curves.values())}
        if not _same(self._data.data, data):
            self._data.data = data
            self._depth.data = {"ts": np.repeat(days, 2)[1:], "fall": np.repeat(data["fall"], 2)[:-1]}
            if len(days) > 1:
                show_all(self._upper.x_range, days[0], days[-1], 7.0 * _DAY)
        self._place(self._figures if len(days) else None)

    def _place(self, figures: Any) -> None:
        """Figures come with their data: Bokeh cannot give empty ones a range."""
        wanted = self._blank if figures is None else figures
        if wanted not in self._root:
            self._root[:] = [wanted]

    def _redraw(self, names: list[str]) -> None:
        self._upper.renderers = [self._total]
        blank = {f"curve{i}": np.zeros(len(self._data.data["ts"])) for i in range(len(names))}
        self._data.data = {key: self._data.data[key] for key in ("ts", "total", "fall", "day")} | blank
        self._curves = {
            name: self._upper.step(
                "ts", f"curve{i}", source=self._data, color=OTHERS[i], line_width=1.2, line_alpha=0.9, mode="after"
            )
            for i, name in enumerate(names)
        }
        lines = [("Total", ACCENT), *zip(names, OTHERS, strict=False)] if names else []
        self._legend.object = legend_html(lines)


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return old.keys() == new.keys() and all(np.array_equal(old[key], new[key]) for key in new)
