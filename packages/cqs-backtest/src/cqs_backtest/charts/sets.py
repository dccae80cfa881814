"""Charts of a search: what two parameters do, all sets at once, and any two columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.charts.brushing import brushed_axes
from cqs_backtest.charts.grid import Others, grid_of, marks_on, places_of
from cqs_backtest.charts.set_rows import column_title, drawn_sets, is_number, known_rows, plain_values, value_text
from cqs_core import UsageError
from cqs_panel.charts import Mode, color_scale, holoviews, look, scale_options, tooltip
from cqs_panel.theme import GREY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_core.trading import Floats

_MOST_LINES = 800
_MOST_POINTS = 5_000


def heatmap(
    rows: pd.DataFrame,
    x: str,
    y: str,
    *,
    metric: str = "sharpe",
    others: Others = "best",
    lower_is_better: bool = False,
    marks: Mapping[str, Mapping[str, Any]] | None = None,
    height: int = 380,
    mode: Mode = "light",
) -> Any:
    """A metric by the values of two parameters, as colored cells.

    Args:
        rows: of a sweep: a column for each parameter and metric, and `set`, the number of each set.
        x: the parameter from left to right.
        y: the parameter from bottom to top; the same one draws a single row.
        metric: that gives the color.
        others: what stands for the sets that share a cell: the `best` of them, their `mean`, or the mean of the best of
            a cell and the cells around it (`neighborhood`).
        lower_is_better: whether the best set has the lowest value.
        marks: sets to mark by name, each with a value for `x` and `y`.
        height: in pixels.
        mode: as for `equity`.

    Raises:
        UsageError: no set has a value, or the rows lack a column.
    """
    grid = grid_of(rows, x, y, metric, others, lower_is_better=lower_is_better)
    hv, shown = holoviews(), look(mode)
    axes = {"kdims": [hv.Dimension("x", values=grid.columns), hv.Dimension("y", values=grid.lines)]}
    cells = [
        (column, line, grid.numbers[j, i], grid.sets[j, i])
        for j, line in enumerate(grid.lines)
        for i, column in enumerate(grid.columns)
        if np.isfinite(grid.numbers[j, i])
    ]
    title = column_title(metric) if others == "best" else f"{column_title(metric)}, {others}"
    rows_told = [(title, "@value{0,0.00}"), (column_title(x), "@x"), (column_title(y), "@y"), ("Set", "@set")]
    known = grid.numbers[np.isfinite(grid.numbers)]
    drawn = hv.HeatMap(cells, vdims=["value", "set"], **axes).opts(
        **color_scale(shown, float(known.min()), float(known.max())),
        line_color=None,
        nonselection_fill_alpha=1,
        backend="bokeh",
        **_with_tools(tooltip(rows_told, hover_mode="mouse"), "tap"),
    )
    options = shown.figure(
        height, xlabel=column_title(x), ylabel=column_title(y), yaxis="left", padding=0, **scale_options()
    )
    return hv.Overlay([drawn, *marks_on(grid, marks or {}, x, y)]).opts(**options, backend="bokeh")


def parallel(
    rows: pd.DataFrame,
    columns: Sequence[str],
    *,
    metric: str = "sharpe",
    lower_is_better: bool = False,
    height: int = 320,
    mode: Mode = "light",
) -> Any:
    """A line for each set across one axis for each column; drag along an axis to keep the sets that pass there.

    Several axes can be brushed at once. A double click takes all brushes away. At most 800 sets are drawn: those that
    are best by `metric`, and others at random.

    Args:
        rows: as for `heatmap`.
        columns: parameters and metrics, from left to right; two or more.
        metric: that gives the color.
        lower_is_better: whether the best set has the lowest value.
        height: in pixels.
        mode: as for `equity`.

    Raises:
        UsageError: no set has a value, the rows lack a column, or there are fewer than two columns.
    """
    if len(columns) < 2:
        raise UsageError(f"there are {len(columns)} columns to draw; parallel coordinates need two or more")
    hv, shown = holoviews(), look(mode)
    kept = drawn_sets(known_rows(rows, metric, *columns), metric, _MOST_LINES, lower_is_better=lower_is_better)
    scales, values = [_Scale.of(kept[name]) for name in columns], kept[metric]
    drawn = hv.Segments(_lines(kept, scales, metric), ["x0", "y0", "x1", "y1"], ["value", "set"]).opts(
        **color_scale(shown, float(values.min()), float(values.max()), color="value"),
        line_alpha=0.65,
        nonselection_line_alpha=0.04,
        selection_line_alpha=0.9,
        backend="bokeh",
        **tooltip([("Set", "@set{0}"), (column_title(metric), "@value{0,0.00}")], hover_mode="mouse"),
    )
    ends = [
        hv.Labels([(i, place, scale.ends[end]) for i, scale in enumerate(scales)], vdims="text").opts(
            text_color=shown.text, text_font_size="11px", text_baseline=baseline, backend="bokeh"
        )
        for end, place, baseline in ((0, -0.02, "top"), (1, 1.02, "bottom"))
    ]
    bars = [hv.VLine(i).opts(color=GREY, line_width=1, backend="bokeh") for i in range(len(columns))]
    options = shown.figure(
        height,
        xaxis="bottom",
        yaxis=None,
        show_grid=False,
        xticks=[(i, column_title(name)) for i, name in enumerate(columns)],
        xlim=(-0.35, len(columns) - 0.65),
        ylim=(-0.14, 1.14),
        **scale_options(brushed_axes),
    )
    return hv.Overlay([*bars, drawn, *ends]).opts(**options, backend="bokeh")


def scatter(
    rows: pd.DataFrame,
    x: str,
    y: str,
    *,
    metric: str = "sharpe",
    lower_is_better: bool = False,
    height: int = 320,
    mode: Mode = "light",
) -> Any:
    """Sets by any two of their columns; drag to choose some.

    Beyond 5,000 sets, those that are best by `metric` are drawn, and others at random.

    Args:
        rows: as for `heatmap`.
        x: a parameter or metric, from left to right.
        y: another one, from bottom to top.
        metric: that gives the color.
        lower_is_better: whether the best set has the lowest value.
        height: in pixels.
        mode: as for `equity`.

    Raises:
        UsageError: no set has a value, or the rows lack a column.
    """
    hv, shown = holoviews(), look(mode)
    kept = drawn_sets(known_rows(rows, metric, x, y), metric, _MOST_POINTS, lower_is_better=lower_is_better)
    values = kept[metric].to_numpy(np.float64)
    points = {"x": plain_values(kept[x]), "y": plain_values(kept[y]), "value": values, "set": kept["set"].to_numpy()}
    lines = [
        ("Set", "@set{0}"),
        (column_title(metric), "@value{0,0.00}"),
        (column_title(x), "@x"),
        (column_title(y), "@y"),
    ]
    drawn = hv.Points(points, ["x", "y"], ["value", "set"]).opts(
        **color_scale(shown, float(values.min()), float(values.max()), color="value"),
        size=6,
        line_color=None,
        fill_alpha=0.8,
        nonselection_fill_alpha=0.06,
        backend="bokeh",
        active_tools=["box_select"],
        **_with_tools(tooltip(lines, hover_mode="mouse"), "tap", "box_select"),
    )
    options = shown.figure(
        height, xlabel=column_title(x), ylabel=column_title(y), yaxis="left", padding=0.06, **scale_options()
    )
    return drawn.opts(**options, backend="bokeh")


@dataclass(frozen=True, eq=False)
class _Scale:
    """An axis of parallel coordinates: (N,) places from 0 to 1, and the texts of its ends."""

    places: Floats
    ends: tuple[str, str]

    @classmethod
    def of(cls, values: pd.Series[Any]) -> _Scale:
        if not is_number(values):
            places, labels = places_of(values)
            numbers = values.map(places).to_numpy(np.float64)
            return cls(numbers / max(1, len(labels) - 1), (labels[0], labels[-1]))
        numbers = values.to_numpy(np.float64)
        low, high = float(numbers.min()), float(numbers.max())
        heights = (numbers - low) / (high - low) if high > low else np.full(len(numbers), 0.5)
        return cls(np.asarray(heights), (value_text(low), value_text(high)))


def _lines(rows: pd.DataFrame, scales: Sequence[_Scale], metric: str) -> dict[str, Any]:
    """Segments between neighboring axes: each row has one less than there are axes."""
    heights = np.column_stack([scale.places for scale in scales])
    axis, count = np.arange(len(scales) - 1), len(rows)
    return {
        "x0": np.tile(axis, count),
        "y0": heights[:, :-1].ravel(),
        "x1": np.tile(axis + 1, count),
        "y1": heights[:, 1:].ravel(),
        "value": np.repeat(rows[metric].to_numpy(np.float64), len(axis)),
        "set": np.repeat(rows["set"].to_numpy(), len(axis)),
    }


def _with_tools(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return options | {"tools": [*options["tools"], *names]}
