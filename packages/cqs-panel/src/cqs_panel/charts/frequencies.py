"""How many of some figures lie where, gains and losses apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cqs_panel.charts.appearance import holoviews, tooltip
from cqs_panel.charts.style import percents, short_numbers
from cqs_panel.theme import GREY

if TYPE_CHECKING:
    from cqs_panel.charts.appearance import Look


def histogram(
    look: Look, values: npt.NDArray[np.float64], *, unit: Literal["%", ""], of: str, bins: int = 60, height: int = 220
) -> Any:
    """Counts as bars, with the mean (dashed) and the 5th percentile (dotted), as a HoloViews overlay.

    Args:
        look: of the chart.
        values: what is counted; zeros and what is not finite are left out.
        unit: of the values.
        of: what is counted, for tooltips: days.
        bins: how many at most; no bar has gains and losses.
        height: in pixels.
    """
    hv = holoviews()
    values = values[np.isfinite(values) & (values != 0)]
    if not len(values):
        values = np.zeros(1)
    counts, edges = np.histogram(values, bins=_edges(values, bins))
    bars = {"left": edges[:-1], "bottom": np.zeros(len(counts)), "right": edges[1:], "top": counts}
    bars["color"] = np.where(edges[:-1] >= 0, look.tones.up, look.tones.down)
    shape = "0,0.00" if unit == "%" else "0,0"
    rows = [("", f"@left{{{shape}}} to @right{{{shape}}} {unit}"), (of, "@top{0,0}")]
    drawn = hv.Rectangles(bars, ["left", "bottom", "right", "top"], "color").opts(
        color="color", line_color=None, fill_alpha=0.8, **tooltip(rows, hover_mode="mouse"), backend="bokeh"
    )
    marks = [
        hv.VLine(value).opts(color=GREY, line_dash=dash, line_width=1.4, backend="bokeh")
        for value, dash in ((float(values.mean()), "dashed"), (float(np.percentile(values, 5)), "dotted"))
    ]

    def dress(figure: Any) -> None:
        figure.xaxis.formatter = percents() if unit == "%" else short_numbers()

    options = look.figure(height, ylim=(0, 1.08 * float(counts.max())), dress=dress)
    return hv.Overlay([drawn, *marks]).opts(**options, backend="bokeh")


def _edges(values: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.float64]:
    """Edges of which one is 0."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    step = (high - low) / bins or 1.0
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return np.asarray(step * np.arange(first, max(last, first + 1) + 1), np.float64)
