"""The bridge from a backtest's profit to the bot's, as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import CustomJS, GlyphRenderer, Text

from cqs_panel import amount, short
from cqs_panel.charts import Mode, holoviews, look, short_numbers, tooltip
from cqs_panel.theme import ACCENT, GREY

if TYPE_CHECKING:
    from cqs_monitor.compare.bridge import Bridge
    from cqs_panel.charts import Look

_NAMES = ("backtest", "missed", "extra", "price", "size", "fees", "live")
_ENDS = ("backtest", "live")
_HALF = 0.3  # of a bar's place, that it takes to each side
_NARROW = 64  # pixels of a bar's place, below which its name is tilted and its figure small
_FIT = """
const narrow = figure.inner_width / bars < least
axis.major_label_orientation = narrow ? 0.9 : "horizontal"
text.text_font_size = {value: narrow ? "9px" : "11px"}
"""


def bridge(parts: Bridge, *, height: int = 260, currency: str = "", mode: Mode = "light") -> Any:
    """The difference between a backtest's profit and the bot's: each part begins where the previous one ends.

    The value axis shows the parts; the first and the last bar stand on 0, which may lie below it.

    Args:
        parts: of a comparison.
        height: in pixels.
        currency: of the parts.
        mode: as for `periods`.
    """
    hv, shown = holoviews(), look(mode)
    steps = _steps(shown, parts, currency)
    dims = ["left", "low", "right", "high"]
    rows = [("", "@name"), ("", "@told")]
    bars = hv.Rectangles(steps, dims, ["color", "name", "told"]).opts(
        color="color", line_color=None, **tooltip(rows, hover_mode="mouse"), backend="bokeh"
    )
    lines = hv.Segments(steps["links"], ["x0", "y0", "x1", "y1"]).opts(color=GREY, line_dash="dotted", backend="bokeh")
    texts = hv.Labels(steps["texts"], ["x", "y"], "text").opts(
        text_color=shown.text, text_font_size="11px", text_baseline="bottom", backend="bokeh"
    )
    ticks = list(enumerate(_NAMES))
    axes = {"xticks": ticks, "xlim": (-0.5, len(_NAMES) - 0.5), "ylim": _fit(steps), "dress": _dress}
    return (lines * bars * texts).opts(**shown.figure(height, **axes), backend="bokeh")


def _steps(shown: Look, parts: Bridge, currency: str) -> Any:
    values, level, found = parts.json(), 0.0, []
    for i, name in enumerate(_NAMES):
        value = values[name]
        start = 0.0 if name in _ENDS else level
        level = start + value
        color = ACCENT if name in _ENDS else shown.tones.up if value >= 0 else shown.tones.down
        told = amount(value, currency, signed=True)
        found.append((i, name, min(start, level), max(start, level), level, color, told, _sign(value) + short(value)))
    place, names, lows, highs, levels, colors, said, texts = (list(column) for column in zip(*found, strict=True))
    left, right = [i - _HALF for i in place], [i + _HALF for i in place]
    links = [(i + _HALF, levels[i], i + 1 - _HALF, levels[i]) for i in place[:-1]]
    columns = {"left": left, "low": lows, "right": right, "high": highs, "color": colors, "name": names, "told": said}
    return columns | {"links": links, "texts": list(zip(place, highs, texts, strict=True))}


def _fit(steps: Any) -> tuple[float, float]:
    """The range between backtest and live: next to two bars from 0 the parts would be tiny."""
    low, high = min(steps["low"][1:-1]), max(steps["high"][1:-1])
    low, high = (0.0, high) if 0 < low < high / 2 else (low, 0.0) if low / 2 < high < 0 else (low, high)
    pad = (high - low or abs(high) or 1.0) * 0.15
    return low - pad, high + pad


def _sign(value: float) -> str:
    return "+" if value > 0 else ""


def _dress(figure: Any) -> None:
    figure.yaxis.formatter = short_numbers()
    figure.xaxis.major_label_text_font_size = "11px"
    for drawn in figure.select(GlyphRenderer):
        if isinstance(drawn.glyph, Text):
            drawn.glyph.y_offset = -3
            args = {"figure": figure, "axis": figure.xaxis[0], "text": drawn.glyph, "bars": len(_NAMES)}
            figure.js_on_change("inner_width", CustomJS(args=args | {"least": _NARROW}, code=_FIT))
