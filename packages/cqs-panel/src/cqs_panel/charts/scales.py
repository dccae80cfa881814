"""Colors that stand for numbers, with their scale beside the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import BoxSelectTool, ColorBar, CustomJS, Range1d
from bokeh.palettes import Viridis256

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.charts.appearance import Look

_WIDTH = 10  # pixels of the scale
_FINGERS = 'if (matchMedia("(pointer: coarse)").matches) tool.active = false'
_COLORS = list(Viridis256[56:])  # darker ones cannot be seen on a dark page


def color_scale(look: Look, low: float, high: float, color: str = "") -> dict[str, Any]:
    """Plot options of an element whose color is a number: from dark to bright, the same in both themes.

    Args:
        look: of the chart.
        low: the number of the darkest color.
        high: the number of the brightest one.
        color: the dimension with the numbers; an element such as a heatmap has its own.
    """
    if high <= low:
        low, high = low - 0.5, high + 0.5
    ink = look.ink
    text = {"major_label_text_color": ink, "major_label_text_font_size": "11px", "background_fill_alpha": 0}
    bar = {"width": _WIDTH, "padding": 6, "bar_line_color": None, "major_tick_line_color": None, **text}
    chosen = {"color": color} if color else {}
    return {
        "cmap": _COLORS,
        "clim": (low, high),
        "clipping_colors": {"NaN": "transparent"},
        "colorbar": True,
        "colorbar_opts": bar,
        **chosen,
    }


def scale_options(dress: Callable[[Any], None] | None = None) -> dict[str, Any]:
    """Options of `Look.figure` for charts with such a scale: it stands where others have their axis.

    Args:
        dress: as for `Look.figure`.
    """

    def narrow(shown: Any) -> None:
        if dress is not None:
            dress(shown)
        shown.min_border_right = 8
        shown.axis.axis_label_text_font_style = "normal"
        for tool in shown.select(BoxSelectTool):
            _leave_to_fingers(shown, tool)
        for bar in shown.select(ColorBar):
            bar.title = None
        for one in (shown.x_range, shown.y_range):  # else new data would not move what is in view
            if isinstance(one, Range1d):
                one.update(reset_start=one.start, reset_end=one.end)

    return {"show_legend": False, "dress": narrow}


def _leave_to_fingers(shown: Any, tool: Any) -> None:
    """A finger that moves over a chart scrolls the page: it selects nothing."""
    shown.toolbar.active_drag = tool
    shown.js_on_change("inner_width", CustomJS(args={"tool": tool}, code=_FINGERS))
