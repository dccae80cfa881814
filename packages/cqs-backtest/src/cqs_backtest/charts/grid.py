"""Cells of a heatmap of two parameters, from the rows of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cqs_backtest.charts.set_rows import is_number, known_rows, value_text
from cqs_backtest.metrics.plateau import neighborhood
from cqs_core import UsageError
from cqs_panel.charts import holoviews

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cqs_core.trading import Floats

Others = Literal["best", "mean", "neighborhood"]
_MOST_VALUES = 60  # of an axis; beyond that, neighbors share a cell
_MARKERS = ("star", "diamond", "square", "triangle")


@dataclass(frozen=True, eq=False)
class HeatmapCells:
    """Cells by line and column: labels, values (NaN where there are none), and the number of the best set of each."""

    columns: list[str]
    lines: list[str]
    numbers: Floats
    sets: Any
    places: tuple[dict[Any, int], dict[Any, int]]


def grid_of(rows: pd.DataFrame, x: str, y: str, metric: str, others: Others, *, lower_is_better: bool) -> HeatmapCells:
    known = known_rows(rows, metric, x, y)
    across, columns = places_of(rows[x])
    up, lines = places_of(rows[y]) if y != x else (dict.fromkeys(rows[x], 0), [""])
    i, j = (known[name].map(places).to_numpy(np.int64) for name, places in ((x, across), (y, up)))
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
        values = neighborhood(best, (is_number(rows[y]), is_number(rows[x])))
        if not np.isfinite(values).any():
            raise UsageError("no cell has enough neighbors; color by the best set instead")
    return HeatmapCells(columns, lines, values, sets, (across, up))


def places_of(values: pd.Series[Any]) -> tuple[dict[Any, int], list[str]]:
    """The cell of each value of an axis, and the labels of the cells."""
    found = sorted(values.unique().tolist(), key=lambda one: (isinstance(one, str), one))
    share = -(-len(found) // _MOST_VALUES)
    return {value: n // share for n, value in enumerate(found)}, [value_text(value) for value in found[::share]]


def marks_on(grid: HeatmapCells, marks: Mapping[str, Mapping[str, Any]], x: str, y: str) -> list[Any]:
    """A mark on the cell of each of these sets."""
    hv, found = holoviews(), []
    for marker, (name, values) in zip(_MARKERS, marks.items(), strict=False):
        i, j = grid.places[0].get(values.get(x)), grid.places[1].get(values.get(y))
        if i is not None and j is not None:
            point = hv.Points([(grid.columns[i], grid.lines[j])], ["x", "y"], label=name)
            found.append(
                point.opts(
                    marker=marker, size=15, color="#ffffff", line_color="#000000", line_width=1.2, backend="bokeh"
                )
            )
    return found
