"""Charts of a search: what two parameters do, all sets at once, and any two columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cqs_backtest.charts.brushing import brushed_axes
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.metrics.plateau import neighborhood
from cqs_core import UsageError
from cqs_panel import label
from cqs_panel.charts import Mode, color_scale, holoviews, look, scale_options, tooltip
from cqs_panel.theme import GREY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_core.trading import Floats

Others = Literal["best", "mean", "neighborhood"]
_MOST_VALUES = 60  # of an axis; beyond that, neighbors share a cell
_MOST_LINES = 800
_MOST_POINTS = 5_000
_MARKERS = ("star", "diamond", "square", "triangle")


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
    grid = _grid(rows, x, y, metric, others, lower_is_better=lower_is_better)
    hv, shown = holoviews(), look(mode)
    axes = {"kdims": [hv.Dimension("x", values=grid.columns), hv.Dimension("y", values=grid.lines)]}
    cells = [
        (column, line, grid.numbers[j, i], grid.sets[j, i])
        for j, line in enumerate(grid.lines)
        for i, column in enumerate(grid.columns)
        if np.isfinite(grid.numbers[j, i])
    ]
    title = _title(metric) if others == "best" else f"{_title(metric)}, {others}"
    rows_told = [(title, "@value{0,0.00}"), (_title(x), "@x"), (_title(y), "@y"), ("Set", "@set")]
    known = grid.numbers[np.isfinite(grid.numbers)]
    drawn = hv.HeatMap(cells, vdims=["value", "set"], **axes).opts(
        **color_scale(shown, float(known.min()), float(known.max())),
        line_color=None,
        nonselection_fill_alpha=1,
        backend="bokeh",
        **_with_tap(tooltip(rows_told, hover_mode="mouse")),
    )
    options = shown.figure(height, xlabel=_title(x), ylabel=_title(y), yaxis="left", padding=0, **scale_options())
    return hv.Overlay([drawn, *_marked(grid, marks or {}, x, y)]).opts(**options, backend="bokeh")


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
    kept = drawn_sets(_known(rows, metric, *columns), metric, _MOST_LINES, lower_is_better=lower_is_better)
    scales = [_Scale.of(kept[name]) for name in columns]
    heights = np.column_stack([scale.places for scale in scales])
    axis, count = np.arange(len(columns) - 1), len(kept)
    lines = {
        "x0": np.tile(axis, count),
        "y0": heights[:, :-1].ravel(),
        "x1": np.tile(axis + 1, count),
        "y1": heights[:, 1:].ravel(),
        "value": np.repeat(kept[metric].to_numpy(np.float64), len(axis)),
        "set": np.repeat(kept["set"].to_numpy(), len(axis)),
    }
    values = kept[metric]
    drawn = hv.Segments(lines, ["x0", "y0", "x1", "y1"], ["value", "set"]).opts(
        **color_scale(shown, float(values.min()), float(values.max()), color="value"),
        line_alpha=0.65,
        nonselection_line_alpha=0.04,
        selection_line_alpha=0.9,
        backend="bokeh",
        **tooltip([("Set", "@set{0}"), (_title(metric), "@value{0,0.00}")], hover_mode="mouse"),
    )
    ends = [
        hv.Labels(
            [(i, place, text) for i, scale in enumerate(scales) for text in [scale.ends[end]]], vdims="text"
        ).opts(text_color=shown.text, text_font_size="11px", text_baseline=baseline, backend="bokeh")
        for end, place, baseline in ((0, -0.02, "top"), (1, 1.02, "bottom"))
    ]
    bars = [hv.VLine(i).opts(color=GREY, line_width=1, backend="bokeh") for i in range(len(columns))]
    options = shown.figure(
        height,
        xaxis="bottom",
        yaxis=None,
        show_grid=False,
        xticks=[(i, _title(name)) for i, name in enumerate(columns)],
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
    kept = drawn_sets(_known(rows, metric, x, y), metric, _MOST_POINTS, lower_is_better=lower_is_better)
    values = kept[metric].to_numpy(np.float64)
    points = {"x": _plain(kept[x]), "y": _plain(kept[y]), "value": values, "set": kept["set"].to_numpy()}
    lines = [("Set", "@set{0}"), (_title(metric), "@value{0,0.00}"), (_title(x), "@x"), (_title(y), "@y")]
    own = tooltip(lines, hover_mode="mouse")
    drawn = hv.Points(points, ["x", "y"], ["value", "set"]).opts(
        **color_scale(shown, float(values.min()), float(values.max()), color="value"),
        size=6,
        line_color=None,
        fill_alpha=0.8,
        nonselection_fill_alpha=0.06,
        backend="bokeh",
        **own | {"tools": [*own["tools"], "tap", "box_select"], "active_tools": ["box_select"]},
    )
    options = shown.figure(height, xlabel=_title(x), ylabel=_title(y), yaxis="left", padding=0.06, **scale_options())
    return drawn.opts(**options, backend="bokeh")


def drawn_sets(rows: pd.DataFrame, metric: str, most: int, *, lower_is_better: bool) -> pd.DataFrame:
    """At most so many rows, by set: half of them the best by a metric, the others at random."""
    if len(rows) <= most:
        return rows
    best = rows[metric].sort_values(ascending=lower_is_better).index[: most // 2]
    others = np.random.default_rng(0).choice(rows.index.difference(best), most - len(best), replace=False)
    return rows.loc[np.sort(np.concatenate([best, others]))]


@dataclass(frozen=True, eq=False)
class _Grid:
    """Cells by line and column: labels, values (NaN where there are none), and the number of the best set of each."""

    columns: list[str]
    lines: list[str]
    numbers: Floats
    sets: Any
    places: tuple[dict[Any, int], dict[Any, int]]


def _grid(rows: pd.DataFrame, x: str, y: str, metric: str, others: Others, *, lower_is_better: bool) -> _Grid:
    known = _known(rows, metric, x, y)
    (across, columns), (up, lines) = (_places(rows[name]) for name in (x, y if y != x else "set"))
    if y == x:
        up, lines = dict.fromkeys(rows["set"], 0), [""]
    i, j = (known[name].map(places).to_numpy(np.int64) for name, places in ((x, across), (y if y != x else "set", up)))
    score = (-1 if lower_is_better else 1) * known[metric].to_numpy(np.float64)
    order = np.argsort(score, kind="stable")  # the best of a cell comes last, and stays
    best, sets = np.full((len(lines), len(columns)), np.nan), np.full((len(lines), len(columns)), -1)
    best[j[order], i[order]] = known[metric].to_numpy(np.float64)[order]
    sets[j[order], i[order]] = known["set"].to_numpy()[order]
    values = best
    if others == "mean":
        total, count = np.zeros(best.shape), np.zeros(best.shape)
        np.add.at(total, (j, i), known[metric].to_numpy(np.float64))
        np.add.at(count, (j, i), 1)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    elif others == "neighborhood":
        values = neighborhood(best, (_is_number(rows[y]), _is_number(rows[x])))
        if not np.isfinite(values).any():
            raise UsageError("no cell has enough neighbors; color by the best set instead")
    return _Grid(columns, lines, values, sets, (across, up))


def _places(values: pd.Series[Any]) -> tuple[dict[Any, int], list[str]]:
    """The cell of each value of an axis, and the labels of the cells."""
    found = sorted(values.unique().tolist(), key=lambda one: (isinstance(one, str), one))
    share = -(-len(found) // _MOST_VALUES)
    return {value: n // share for n, value in enumerate(found)}, [_text(value) for value in found[::share]]


def _marked(grid: _Grid, marks: Mapping[str, Mapping[str, Any]], x: str, y: str) -> list[Any]:
    """A mark on the cell of each of these sets."""
    hv, found = holoviews(), []
    for marker, (name, values) in zip(_MARKERS, marks.items(), strict=False):
        i, j = grid.places[0].get(values.get(x)), grid.places[1].get(values.get(y)) if x != y else 0
        if i is not None and j is not None:
            point = hv.Points([(grid.columns[i], grid.lines[j])], ["x", "y"], label=name)
            found.append(
                point.opts(
                    marker=marker, size=15, color="#ffffff", line_color="#000000", line_width=1.2, backend="bokeh"
                )
            )
    return found


@dataclass(frozen=True, eq=False)
class _Scale:
    """An axis of parallel coordinates: (N,) places from 0 to 1, and the texts of its ends."""

    places: Floats
    ends: tuple[str, str]

    @classmethod
    def of(cls, values: pd.Series[Any]) -> _Scale:
        if not _is_number(values):
            places, labels = _places(values)
            numbers = values.map(places).to_numpy(np.float64)
            return cls(numbers / max(1, len(labels) - 1), (labels[0], labels[-1]))
        numbers = values.to_numpy(np.float64)
        low, high = float(numbers.min()), float(numbers.max())
        heights = (numbers - low) / (high - low) if high > low else np.full(len(numbers), 0.5)
        return cls(np.asarray(heights), (_text(low), _text(high)))


def _known(rows: pd.DataFrame, metric: str, *columns: str) -> pd.DataFrame:
    """The rows in which a metric is known, with infinite figures left out.

    Raises:
        UsageError: there are none, or a column is absent.
    """
    for name in (metric, *columns, "set"):
        if name not in rows:
            raise UsageError(f"the rows have no column {name!r}; they have {', '.join(map(str, rows.columns))}")
    numbers = [name for name in (metric, *columns) if _is_number(rows[name])]
    known: pd.DataFrame = rows[np.isfinite(rows[numbers].to_numpy(np.float64)).all(axis=1)]
    if known.empty:
        raise UsageError(f"no set has a known {_title(metric)}")
    found: pd.DataFrame = known.reset_index(drop=True)
    return found


def _is_number(values: pd.Series[Any]) -> bool:
    return values.dtype.kind in "iuf"


def _plain(values: pd.Series[Any]) -> Any:
    return values.to_numpy() if _is_number(values) else values.astype(str).to_numpy()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return str(value)


def _title(column: str) -> str:
    if column in CONVENTIONS:
        unit = "%" if CONVENTIONS[column].unit == "%" else ""
        return f"{CONVENTIONS[column].label}{', %' if unit else ''}"
    return "Set" if column == "set" else label(column.removeprefix("parameter_"))


def _with_tap(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"tools": [*told["tools"], "tap"]}
