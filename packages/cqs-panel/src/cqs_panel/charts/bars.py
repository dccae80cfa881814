"""A bar a name, up or down from nothing, each with its figure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from bokeh.models import GlyphRenderer, NoOverlap, Text

from cqs_panel.charts.appearance import Look, holoviews, hvplot, tooltip
from cqs_panel.charts.style import percents, short_numbers
from cqs_panel.figures import amount, percent, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_CLOSE = 15  # bars above which their figures would touch on a phone; tooltips have them


def category_bars(
    look: Look, values: Mapping[str, float], *, unit: str, height: int = 200, tilted: bool = False, **params: Any
) -> Any:
    """Bars as a HoloViews overlay.

    Args:
        look: of the chart.
        values: by name, in the order in which they are drawn.
        unit: `%`, or the currency of the values.
        height: in pixels.
        tilted: whether names are written at a slant, for they are long or many.
        params: other plot options, see `Look.figure`.
    """
    frame = _frame(look, values, unit)
    drawn = (
        hvplot(frame)
        .bar(x="name", y="value", hover_cols=["color", "told"], responsive=True, height=height)
        .opts(
            color="color",
            line_color=None,
            bar_width=0.6,
            backend="bokeh",
            **tooltip([("", "@name"), ("", "@told")], hover_mode="mouse"),
        )
    )

    dress = functools.partial(_dress, unit=unit, tilted=tilted)
    options = look.figure(height, **{"padding": (0, 0.15), "dress": dress, "show_legend": False, **params})
    return holoviews().Overlay([drawn, *_texts(look, frame)]).opts(**options, backend="bokeh")


def _dress(figure: Any, *, unit: str, tilted: bool) -> None:
    figure.yaxis.formatter = percents() if unit == "%" else short_numbers()
    figure.xaxis.major_label_text_font_size = "11px"
    figure.xaxis.major_label_policy = NoOverlap(min_distance=4)
    figure.xaxis.major_label_orientation = 0.8 if tilted else "horizontal"
    for drawn in figure.select(GlyphRenderer):
        if isinstance(drawn.glyph, Text):  # HoloViews knows offsets in units of the data only
            drawn.glyph.y_offset = -3 if drawn.glyph.text_baseline == "bottom" else 3


def _frame(look: Look, values: Mapping[str, float], unit: str) -> pd.DataFrame:
    """One row a bar: `color`, `told` in its tooltip, `text` beside it."""
    import pandas as pd

    frame = pd.DataFrame({"name": list(values), "value": list(values.values())})
    frame["color"] = [look.tones.up if value >= 0 else look.tones.down for value in frame["value"]]
    exact = (lambda v: percent(v, signed=True)) if unit == "%" else (lambda v: amount(v, unit, signed=True))
    frame["told"] = [exact(value) for value in frame["value"]]
    frame["text"] = [f"{value:.1f}" if unit == "%" else short(value) for value in frame["value"]]
    return frame


def _texts(look: Look, frame: Any) -> list[Any]:
    """Figures above gains and below losses."""
    if len(frame) > _CLOSE:
        return []
    hv, gains = holoviews(), frame["value"] >= 0
    return [
        hv.Labels(frame[rows], ["name", "value"], "text").opts(
            text_color=look.text, text_font_size="11px", text_baseline=baseline, backend="bokeh"
        )
        for rows, baseline in ((gains, "bottom"), (~gains, "top"))
        if rows.any()
    ]
