"""A window of candles with entries and exits, drawn without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.time.intervals import length
from cqs_panel.charts import Mode, holoviews, look, tooltip
from cqs_panel.theme import ACCENT, AMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Candles

Mark = tuple[Any, float]
"""A time and a price."""


def candles(
    shown: Candles,
    entries: Sequence[Mark] = (),
    exits: Sequence[Mark] = (),
    *,
    title: str = "",
    height: int = 420,
    mode: Mode = "light",
) -> Any:
    """Candles of one market; entries are triangles that point up, exits point down.

    Args:
        shown: with one column, and no missing bar.
        entries: times (datetime64) and prices.
        exits: the same.
        title: of the chart.
        height: in pixels.
        mode: as for `equity`.

    Returns:
        A HoloViews overlay.
    """
    hv, dress = holoviews(), look(mode)
    at, step = shown.ts.astype("datetime64[ms]"), length(shown.interval)
    open_, high, low, close = (getattr(shown, name)[:, 0] for name in ("open", "high", "low", "close"))
    color = np.where(close >= open_, dress.tones.up, dress.tones.down)
    half = np.timedelta64(int(0.35 * step), "ms")
    box = (at - half, np.minimum(open_, close), at + half, np.maximum(open_, close), color)
    wicks = hv.Segments((at, low, at, high, color), ["from", "low", "to", "high"], "color")
    bodies = hv.Rectangles(box, ["from", "low", "to", "high"], "color")
    drawn = [
        wicks.opts(color="color", line_width=1, backend="bokeh"),
        bodies.opts(color="color", line_color="color", backend="bokeh"),
        *_marks(entries, "Entry", "triangle", ACCENT),
        *_marks(exits, "Exit", "inverted_triangle", AMBER),
    ]
    span = float(shown.ts[0] - step), float(shown.ts[-1] + step), 10.0 * step
    options = dress.over_time(height, span, title=title, legend_position="top_left")
    return hv.Overlay(drawn).opts(**options, backend="bokeh")


def _marks(marks: Sequence[Mark], label: str, shape: str, color: str) -> list[Any]:
    if not marks:
        return []
    tip = tooltip([(label, "@price{0,0.[000000]}"), ("", "@ts{%F %H:%M} UTC")], hover_mode="mouse")
    dots = holoviews().Scatter(list(marks), "ts", "price", label=label)
    return [dots.opts(marker=shape, size=11, color=color, line_color="white", **tip, backend="bokeh")]
