"""The style of all figures: no frame, right axis, thin grid, crosshair; colors of both themes."""

from __future__ import annotations

import json
from typing import Any

from bokeh.models import (
    BoxZoomTool,
    CrosshairTool,
    CustomJS,
    CustomJSHover,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    HoverTool,
    NoOverlap,
    PanTool,
    Range1d,
    Span,
    WheelZoomTool,
)
from bokeh.plotting import figure

from cqs_panel.layout import WIDE
from cqs_panel.theme import GREY

RIGHT = 70  # pixels that every figure leaves for its axis, so that figures above each other line up
_DATES = {
    "milliseconds": "%H:%M:%S",
    "seconds": "%H:%M:%S",
    "minsec": "%H:%M:%S",
    "minutes": "%H:%M",
    "hourmin": "%H:%M",
    "hours": "%H:%M",
    "days": "%d %b",
    "months": "%b %Y",
    "years": "%Y",
}
_DAYS = dict.fromkeys(("milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours"), "%d %b") | {
    "days": "%Y",
    "months": "",  # their labels have the year already
    "years": "",
}
SHORT_JS = 'return new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 5}).format(tick)'
"""The text of a tick: five digits."""
WHOLE_JS = """
const size = Math.abs(value)
const kept = size >= 1000 ? {maximumFractionDigits: 0}
  : size >= 1 ? {maximumFractionDigits: 4} : {maximumSignificantDigits: 6}
return value.toLocaleString("en-US", kept)
"""
"""The text of a value: as many decimals as its size deserves."""
# Bokeh's wheel ignores `min_interval` where it may leave its focus (`maintain_focus`), and its box zoom both limits.
# Bokeh marks what a user did as interactive; what the server does comes in two steps, start and end, and is right.
# `seen` is the last range that was good: zooming in ends at the floor around the pointer, and then stays where it is.
_LIMITS = """
let a = x.start, b = x.end
if (x.have_updated_interactively) {
  x.have_updated_interactively = false
  const floor = x.min_interval ?? 0, [low, high] = Array.isArray(x.bounds) ? x.bounds : [-Infinity, Infinity]
  const [from, to] = x.cqs_seen ?? [x.reset_start, x.reset_end], span = to - from
  if (!isFinite(a) || !isFinite(b)) [a, b] = [from, to]
  else if (b - a < floor * 0.9999) {
    const share = span > floor ? (span - floor) / (span - (b - a)) : 0
    ;[a, b] = [from + share * (a - from), to + share * (b - to)]
  }
  const width = Math.min(b - a, high - low)
  if (a < low) [a, b] = [low, low + width]
  if (b > high) [a, b] = [high - width, high]
}
if (a < b) x.cqs_seen = [a, b]
if (a !== x.start || b !== x.end) x.setv({start: a, end: b})
"""
_BY_CTRL = {"ctrl": True}
# The theme's sizes on canvases are in em. Bokeh tells how to zoom at a place that it computes from the layout around
# it: far below the figure, where the message made the page longer for two seconds.
_SHEET = """:host{font-size:13px}
.bk-Panel{left:50%!important;top:4px!important;background:var(--cqs-paper,#fff)!important;color:var(--cqs-text,#000);
  border-radius:8px}"""


def time_figure(height: int, **params: Any) -> Any:
    """An empty figure over time (UTC), value axis at the right.

    The wheel scrolls the page until the figure is clicked or Ctrl is held; then it zooms. Its `x_range` is a `Range1d`:
    `limit` says how far it goes, `show_all` shows all of the data.

    Args:
        height: in pixels.
        params: of `bokeh.plotting.figure`.
    """
    options = {
        "x_axis_type": "datetime",
        "x_range": Range1d(0, 1),
        "y_axis_location": "right",
        "tools": "xpan,xwheel_zoom,xbox_zoom,reset,save",
        "active_drag": "xpan",
        "active_scroll": "xwheel_zoom",
        "height": height,
        "sizing_mode": "stretch_width",
        "toolbar_location": "above",
    }
    return over_time(styled(figure(**(options | params))))


def over_time(shown: Any) -> Any:
    """A styled figure whose x axis is time (UTC): dates, tools that move time alone, a wheel that needs a click."""
    shown.xaxis.major_label_policy = NoOverlap(min_distance=10)
    shown.xaxis.formatter = DatetimeTickFormatter(**_DATES, context=DatetimeTickFormatter(**_DAYS), hide_repeats=True)
    shown.yaxis.formatter = short_numbers()
    for tool in (one for kind in (PanTool, WheelZoomTool, BoxZoomTool) for one in shown.select(kind)):
        tool.dimensions = "width"  # HoloViews gives an overlay the tools of its parts: they move its values, too
    for tool in shown.select(WheelZoomTool):
        tool.maintain_focus = False  # else zooming out would fail with one end in view
        _wait_for_a_click(shown, tool)
    if not shown.x_range.js_property_callbacks:  # one that two figures share has them already
        for end in ("start", "end"):
            shown.x_range.js_on_change(end, CustomJS(args={"x": shown.x_range}, code=_LIMITS))
    return shown


def limit(x_range: Any, first: float, last: float, narrowest: float, margin: float = 0.0) -> None:
    """Set how far the browser pans and zooms.

    Args:
        x_range: of a `time_figure`.
        first: ms UTC, where the data begins.
        last: ms UTC, where it ends.
        narrowest: ms that are in view at least.
        margin: ms beyond both ends that can be seen; a fiftieth of the whole at least.
    """
    beyond = max(margin, (last - first) / 50, narrowest / 2)
    x_range.update(bounds=(first - beyond, last + beyond), min_interval=narrowest)


def show_all(x_range: Any, first: float, last: float, narrowest: float) -> None:
    """Show all of the data, now and after Reset; a viewport that the user has moved stays where it is."""
    whole, beyond = (x_range.reset_start, x_range.reset_end), max((last - first) / 50, narrowest / 2)
    start, end = first - beyond, last + beyond
    x_range.update(bounds=None, min_interval=None)
    if whole in ((None, None), (x_range.start, x_range.end)):
        x_range.update(start=start, end=end)
    x_range.update(reset_start=start, reset_end=end)
    limit(x_range, first, last, narrowest)


def _wait_for_a_click(shown: Any, tool: Any) -> None:
    """Sends no message to the server: the click concerns only this window."""
    for event, modifiers in (("tap", {}), ("mouseleave", _BY_CTRL)):
        code = f"tool.setv({{modifiers: {json.dumps(modifiers)}}}, {{sync: false}})"
        shown.js_on_event(event, CustomJS(args={"tool": tool}, code=code))
    tool.modifiers = _BY_CTRL


def styled(shown: Any) -> Any:
    """A figure without frame and ornaments."""
    shown.min_border_left, shown.min_border_right = 8, RIGHT
    shown.min_border_top = shown.min_border_bottom = 4
    shown.stylesheets = [*shown.stylesheets, _SHEET]
    shown.title = None  # with a toolbar, Bokeh leaves an element of each layout behind
    shown.toolbar.logo = None
    shown.toolbar.autohide = True
    shown.outline_line_color = None
    shown.border_fill_alpha = shown.background_fill_alpha = 0
    shown.xgrid.visible = False
    for axis in shown.axis:
        axis.axis_line_alpha = axis.major_tick_line_alpha = axis.minor_tick_line_alpha = 0
        axis.minor_tick_line_color = None
    return shown


def crosshair(*figures: Any, level: Any = None) -> Any:
    """One vertical line through all figures, which is returned; a horizontal one through `level`."""
    down = Span(dimension="height", line_dash="dotted", line_color=GREY)
    across = Span(dimension="width", line_dash="dotted", line_color=GREY)
    for shown in figures:
        shown.add_tools(CrosshairTool(overlay=[down, across] if shown is level else down))
    return down


def hover(renderers: list[Any], rows: list[tuple[str, str]], **params: Any) -> HoverTool:
    """A tooltip at the nearest time: `rows` of label and `@column{format}`; `@ts` is a time in UTC."""
    options = {
        "mode": "vline",
        "formatters": {"@ts": "datetime"},
        "point_policy": "follow_mouse",
        "attachment": "horizontal",
        "show_arrow": False,
    }
    return HoverTool(renderers=renderers, tooltips=rows, **(options | params))


def whole_numbers(*columns: str) -> dict[str, CustomJSHover]:
    """Formatters of a tooltip's `@column{custom}`: as many decimals as the value's size deserves."""
    spelled = (key for name in columns for key in (f"@{name}", f"@{{{name}}}"))  # HoloViews writes the second
    return {key: CustomJSHover(code=WHOLE_JS) for key in spelled}


def short_numbers() -> CustomJSTickFormatter:
    """1.5M, 12.4K, 0.0187."""
    return CustomJSTickFormatter(code=SHORT_JS)


def percents() -> CustomJSTickFormatter:
    """-12 %, 3.5 %."""
    return CustomJSTickFormatter(code="return tick + ' %'")


def pane(shown: Any) -> Any:
    """A figure as something to lay out."""
    import panel as pn

    return pn.pane.Bokeh(shown, **WIDE)
