"""Columns of any frame over each other: a query has no chart of its own."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

from bokeh.core.properties import value
from bokeh.models import NoOverlap

from cqs_core import UsageError
from cqs_panel.charts.appearance import Look, holoviews, hvplot, tooltip
from cqs_panel.charts.style import short_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

_HEIGHT = 340  # pixels
_MOST_BARS = 200
_COLORS = ("#3f8cff", "#e0912f", "#2aa198", "#b16be3", "#d9534f", "#8a9a5b")


def column_chart(
    look: Look, frame: pd.DataFrame, x: str, y: Sequence[str], kind: str = "line", height: int = _HEIGHT
) -> Any:
    """A chart of one or more columns as a HoloViews object.

    Args:
        look: of the chart.
        frame: numbers, times and texts.
        x: the column along the axis.
        y: columns of numbers.
        kind: `line`, `scatter` or `bar`; of bars the first 200 are drawn.
        height: in pixels.

    Raises:
        UsageError: there is nothing to draw.
    """
    if not y or x not in frame or not set(y) <= set(frame):
        raise UsageError("nothing is chosen for y; choose a column of numbers")
    names = {name: f"y{n}" for n, name in enumerate(y)}  # names of columns may be anything
    shown = frame[[x, *(name for name in y if name != x)]].dropna(subset=[x])
    shown = shown.assign(**{key: shown[name] for name, key in names.items()}).rename(columns={x: "x"})
    if kind == "bar":
        shown = shown.head(_MOST_BARS).assign(x=lambda rows: rows["x"].astype(str))
    elif not len(shown) or shown["x"].dtype.kind not in "iufM":
        shown = shown.assign(x=shown["x"].astype(str))
    hv, plots = holoviews(), hvplot(shown)
    timed = shown["x"].dtype.kind == "M"
    drawn = [_drawn(plots, kind, key, (x, name), color, timed=timed) for (name, key), color in _colored(names)]
    dress = functools.partial(_dress, names={key: name for name, key in names.items()})
    tools = {"tools": ["xpan", "xwheel_zoom", "box_zoom", "reset", "save"], "toolbar": "above"}
    options = look.figure(height, padding=(0.01, 0.06), show_legend=len(y) > 1, dress=dress, **tools)
    return hv.Overlay(drawn).opts(**options, legend_position="top_left", backend="bokeh")


def _colored(names: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    return zip(names.items(), itertools.cycle(_COLORS))


def _drawn(plots: Any, kind: str, key: str, names: tuple[str, str], color: str, *, timed: bool) -> Any:
    rows = [(names[0], "@x{%F %T}" if timed else "@x"), (names[1], f"@{key}{{0,0.[0000]}}")]
    told = tooltip(rows, hover_formatters={"@x": "datetime"} if timed else {})
    told["hover_mode"] = "mouse" if kind == "scatter" else "vline"
    element = getattr(plots, kind)(x="x", y=key, label=key, hover=False, responsive=True, height=_HEIGHT)
    if kind == "bar":
        return element.opts(color=color, line_color=None, backend="bokeh", **told)
    size = {"line_width": 1.6} if kind == "line" else {"size": 5}
    return element.opts(color=color, backend="bokeh", **size, **told)


def _dress(figure: Any, *, names: Mapping[str, str]) -> None:
    figure.yaxis.formatter = short_numbers()
    figure.xaxis.major_label_policy = NoOverlap(min_distance=6)
    for legend in figure.legend:
        legend.label_text_font_size = "12px"
        for item in legend.items:  # HoloViews does not take every text for a label
            item.label = value(names.get(item.label.value, item.label.value))
