"""What all figures look like: no frame, right axis, thin grid, crosshair; colours of both themes."""

from __future__ import annotations

from typing import Any

from bokeh.models import (
    CrosshairTool,
    CustomJSHover,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    HoverTool,
    Span,
    WheelZoomTool,
)
from bokeh.plotting import figure

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
_DAYS = dict.fromkeys(("milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours"), "%d %b") | {"days": "%Y"}
_SHORT = 'return new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 5}).format(tick)'

_WHOLE = """
const size = Math.abs(value)
const kept = size >= 1000 ? {maximumFractionDigits: 0}
  : size >= 1 ? {maximumFractionDigits: 4} : {maximumSignificantDigits: 6}
return value.toLocaleString("en-US", kept)
"""


def time_figure(height: int, *, zoom: bool = False, **params: Any) -> Any:
    """An empty figure over time (UTC), value axis at the right.

    Args:
        height: in pixels.
        zoom: whether the wheel zooms at once; else the page scrolls, and the tool is there to switch on.
        params: of `bokeh.plotting.figure`.
    """
    options = {
        "x_axis_type": "datetime",
        "y_axis_location": "right",
        "tools": "xpan,xwheel_zoom,box_zoom,reset,save",
        "active_drag": "xpan",
        "active_scroll": "xwheel_zoom" if zoom else None,
        "height": height,
        "sizing_mode": "stretch_width",
        "toolbar_location": "above",
    }
    shown = styled(figure(**(options | params)))
    shown.xaxis.formatter = DatetimeTickFormatter(**_DATES, context=DatetimeTickFormatter(**_DAYS), hide_repeats=True)
    shown.yaxis.formatter = short_numbers()
    for tool in shown.select(WheelZoomTool):
        tool.maintain_focus = False  # else nobody zooms out who has one end in view
    return shown


def styled(shown: Any) -> Any:
    """A figure without frame and ornaments."""
    shown.min_border_left, shown.min_border_right = 8, RIGHT
    shown.min_border_top = shown.min_border_bottom = 4
    shown.toolbar.logo = None
    shown.toolbar.autohide = True
    shown.outline_line_color = None
    shown.border_fill_alpha = shown.background_fill_alpha = 0
    shown.xgrid.visible = False
    for axis in shown.axis:
        axis.axis_line_alpha = axis.major_tick_line_alpha = axis.minor_tick_line_alpha = 0
        axis.minor_tick_line_color = None
    return shown


def crosshair(*figures: Any, level: Any = None) -> None:
    """One vertical line through all figures; a horizontal one through `level`."""
    down = Span(dimension="height", line_dash="dotted", line_color=GREY)
    across = Span(dimension="width", line_dash="dotted", line_color=GREY)
    for shown in figures:
        shown.add_tools(CrosshairTool(overlay=[down, across] if shown is level else down))


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
    return {f"@{name}": CustomJSHover(code=_WHOLE) for name in columns}


def short_numbers() -> CustomJSTickFormatter:
    """1.5M, 12.4K, 0.0187."""
    return CustomJSTickFormatter(code=_SHORT)


def pane(shown: Any) -> Any:
    """A figure as something to lay out."""
    import panel as pn

    return pn.pane.Bokeh(shown, sizing_mode="stretch_width", margin=0)
