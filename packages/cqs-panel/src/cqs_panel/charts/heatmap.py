"""Cells that are stronger where more was gained or lost, each with its figure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import CustomJS, Text

from cqs_panel.charts.appearance import holoviews, tooltip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_panel.charts.appearance import Look

_ROW = 28  # pixels
_NARROW = 40  # pixels of a cell below which its figure is written without decimals
_FIT = """
const narrow = figure.inner_width / columns < least
long.visible = !narrow
short.visible = narrow
"""


def percent_heatmap(
    look: Look, values: Mapping[tuple[str, str], float], columns: Sequence[str], rows: Sequence[str], total: str
) -> Any:
    """Percent by column and row as a HoloViews overlay; figures lose their decimals where there is no room.

    Args:
        look: of the chart.
        values: by column and row; missing or non-finite ones stay empty.
        columns: from left to right.
        rows: from top to bottom.
        total: a column whose figures are written on no color.
    """
    hv = holoviews()
    axes = {"kdims": [hv.Dimension("column", values=[*columns]), hv.Dimension("row", values=[*rows][::-1])]}
    known = [(*place, value) for place, value in values.items() if np.isfinite(value)]
    cells = [cell for cell in known if cell[0] != total]
    most = max((abs(value) for *_, value in cells), default=1.0) or 1.0
    drawn = hv.HeatMap(cells, vdims="value", **axes).opts(
        cmap=look.diverging(),
        clim=(-most, most),
        clipping_colors={"NaN": "transparent"},
        line_color=None,
        **tooltip([("", "@column @row"), ("Return", "@zvalues{+0,0.0} %")], hover_mode="mouse"),
        backend="bokeh",
    )
    exact, short = (
        hv.Labels([(column, row, text_of(value)) for column, row, value in known], vdims="text", **axes).opts(
            text_font_size=size, text_color=look.text, backend="bokeh"
        )
        for text_of, size in ((_exact, "11px"), (_short, "10px"))
    )
    fit = functools.partial(_fit, columns=len(columns))
    options = look.figure(_ROW * len(rows) + 30, xaxis="top", yaxis="left", padding=0, dress=fit)
    return (drawn * exact * short).opts(**options, backend="bokeh")


def _fit(figure: Any, columns: int) -> None:
    """Show the short figures where the long ones do not fit."""
    figure.ygrid.visible = False
    figure.min_border_right = 8  # the axis is at the left
    long, short = (one for one in figure.renderers if isinstance(getattr(one, "glyph", None), Text))
    short.visible = False
    args = {"figure": figure, "long": long, "short": short, "columns": columns, "least": _NARROW}
    figure.js_on_change("inner_width", CustomJS(args=args, code=_FIT))


def _exact(value: float) -> str:
    return f"{value:.1f}"


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"
