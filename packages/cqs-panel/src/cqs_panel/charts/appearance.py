"""How HoloViews charts look: options set on each chart, never globally; colors of gain and loss, light, dark, print.

A look is given to a chart when it is made. `light`, `dark` and `print` paint their own background, so that they can be
read in any notebook or file. `page` is transparent, and leaves text to the theme of the dashboard, which may change.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args
from weakref import WeakKeyDictionary

from bokeh.core.properties import value
from bokeh.models import (
    BoxZoomTool,
    CrosshairTool,
    GlyphRenderer,
    HoverTool,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    Span,
    Text,
    Title,
    WheelZoomTool,
)

from cqs_core import UsageError
from cqs_core.isolation import absent
from cqs_panel.charts.style import over_time, percents, short_numbers, show_all, styled, whole_numbers
from cqs_panel.theme import GREY, Tones, tones
from cqs_panel.theme.material import FONT
from cqs_panel.theme.palette import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Mode = Literal["light", "dark", "print", "page"]
_INK = {mode: colors["muted"] for mode, colors in MODES.items()} | {"print": "#333333", "page": GREY}
_TEXT = {mode: colors["text"] for mode, colors in MODES.items()} | {"print": "#000000", "page": MODES["light"]["text"]}
_GROUND = {mode: colors["paper"] for mode, colors in MODES.items()} | {"print": "#ffffff"}
_TIME_TOOLS = ("xpan", "xwheel_zoom", "xbox_zoom", "reset", "save")
_MOVERS = (PanTool, WheelZoomTool, BoxZoomTool, ResetTool, SaveTool)  # and what stands beside them in a toolbar
COLORS = {mode: {"ink": _INK[mode], "text": _TEXT[mode], "ground": ground} for mode, ground in _GROUND.items()}
# A toolbar that Bokeh lays over a chart is as wide as that, white, and takes what is dragged, clicked or hovered there.
_BUTTON_ALONE = ":host(.bk-inner){background:none;pointer-events:none} :host>*{pointer-events:auto}"
_importing = threading.RLock()  # two threads that import modules which import each other fail with a deadlock
_FILE = "chart"  # the name of a picture that is saved; without one the browser asks for it
_crosshairs: WeakKeyDictionary[Any, Span] = WeakKeyDictionary()  # by the x range that figures share


@dataclass(frozen=True)
class Look:
    """How charts of one mode look. Make one with `look`.

    Attributes:
        mode: where they are shown.
        tones: colors of gain and loss.
    """

    mode: Mode
    tones: Tones

    def shade(self, share: float, *, gain: bool) -> str:
        """The color of gain or loss with an opacity of `share`, as `#rrggbbaa`."""
        return f"{self.tones.up if gain else self.tones.down}{round(255 * share):02x}"

    def diverging(self, steps: int = 32, strongest: float = 0.75) -> list[str]:
        """A color map from the largest loss through zero to the largest gain; small figures differ from zero."""
        shares = [strongest * ((i + 1) / steps) ** 0.6 for i in range(steps)]
        return [self.shade(s, gain=False) for s in reversed(shares)] + [self.shade(s, gain=True) for s in shares]

    def figure(self, height: int, **params: Any) -> dict[str, Any]:
        """Plot options of a chart that is as wide as its place.

        Args:
            height: in pixels.
            params: other plot options of HoloViews; `dress` takes the figure when it is made, and may change it.
        """
        dress, moves = params.pop("dress", None), _TIME_TOOLS[0] in params.get("tools", ())

        def finish(plot: Any, _element: Any) -> None:
            self._paint(styled(plot.state))
            plot.state.output_backend = "canvas"  # a browser has few contexts of WebGL, a page many charts
            for tool in plot.state.select(SaveTool):
                tool.filename = tool.filename or _FILE
            for tool in plot.state.select(HoverTool):
                tool.update(point_policy="follow_mouse", attachment="horizontal", show_arrow=False)
            if dress is not None:
                dress(plot.state)
            if plot.state.toolbar_location is None:
                if not moves:
                    _hold_still(plot.state)
                _offer_picture(plot.state)

        shown = {
            "responsive": True,
            "height": height,
            "xlabel": "",
            "ylabel": "",
            "yaxis": "right",
            "show_grid": True,
            "default_tools": [],
            "toolbar": None,
            "hooks": [finish],
            "shared_axes": False,
        }
        return {**shown, **params}

    def over_time(
        self,
        height: int,
        span: tuple[float, float, float],
        *,
        unit: Literal["", "%"] = "",
        depth: float | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Plot options of a chart over time; those of one layout share their range and a crosshair.

        Args:
            height: in pixels.
            span: first and last time, and the shortest stretch to zoom to; ms UTC.
            unit: of the value axis.
            depth: where the value axis begins, which then ends at 0.
            params: as for `figure`.
        """
        dress = params.pop("dress", None)

        def finish(shown: Any) -> None:
            over_time(shown)
            shown.yaxis.formatter = percents() if unit == "%" else short_numbers()
            if span[0] < span[1]:
                show_all(shown.x_range, *span)
            if depth is not None:
                shown.y_range = Range1d(depth, 0)
                shown.yaxis.ticker.desired_num_ticks = 3
            _cross(shown)
            if dress is not None:
                dress(shown)

        tools = {"tools": list(_TIME_TOOLS), "active_tools": ["xpan", "xwheel_zoom"], "toolbar": "above"}
        return self.figure(height, **{**tools, "shared_axes": True, "padding": (0, 0.06), **params}, dress=finish)

    @property
    def text(self) -> str:
        """Color of figures in a chart; on a page they take that of its theme."""
        return _TEXT[self.mode]

    @property
    def ink(self) -> str:
        """Color of the texts of axes and scales."""
        return _INK[self.mode]

    def _paint(self, shown: Any) -> None:
        """Colors of text and grid, where they are not the page's."""
        if self.mode == "page":
            _follow_theme(shown)
            return
        ink, ground = self.ink, _GROUND[self.mode]
        shown.update(background_fill_color=ground, border_fill_color=ground)
        shown.update(background_fill_alpha=1, border_fill_alpha=1)
        shown.styles = {"background-color": ground}  # the canvas leaves a hairline around what it fills
        for axis in shown.axis:
            axis.update(major_label_text_color=ink, axis_label_text_color=ink, major_label_text_font_size="11px")
        for grid in shown.grid:
            grid.update(grid_line_color=self.text, grid_line_alpha=0.12)
        for legend in shown.legend:
            legend.update(label_text_color=ink, background_fill_alpha=0, border_line_alpha=0)


def look(mode: Mode = "light") -> Look:
    """The look of a mode, with the colors that `CQS_COLORS` asks for now.

    Raises:
        UsageError: there is no such mode.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"unknown look {mode!r}: use one of {', '.join(get_args(Mode))}")
    return Look(mode, tones())


def holoviews() -> Any:
    """HoloViews, able to draw with Bokeh. A notebook that has chosen no backend is given Bokeh, so that charts show."""
    with _importing, absent("matplotlib"):  # which is imported there, and not used: a second and 20 MB
        import holoviews as hv
        import holoviews.plotting.bokeh

    if "ipykernel" in sys.modules and not getattr(hv.extension, "_loaded", False):
        hv.extension("bokeh", logo=False, inline=True)  # a notebook asks no other host, and works offline
    return hv


def hvplot(frame: Any) -> Any:
    """The charts that hvPlot makes of a frame, drawn with Bokeh."""
    holoviews()
    with _importing:
        from hvplot import hvPlot
    return hvPlot(frame)


def rendered(chart: Any) -> Any:
    """Bokeh's model of a HoloViews object; a figure, or a grid of them."""
    from bokeh.document import Document

    # Else HoloViews takes the current document: that would keep the chart until its session ends, and get a theme.
    drawer = holoviews().renderer("bokeh").instance(mode="server")
    return drawer.get_plot(chart, doc=Document()).state


def tooltip(rows: Sequence[tuple[str, str]], **params: Any) -> dict[str, Any]:
    """Plot options of a chart with tooltips: `rows` of label and `@column{format}`; `@ts` is a time in UTC."""
    hover: dict[str, Any] = {"hover_tooltips": [*rows], "hover_mode": "vline", "hover_formatters": {"@ts": "datetime"}}
    return {"tools": ["hover"], **hover, **params}


def exact(*columns: str) -> Callable[[Any], None]:
    """For `dress`: tooltips show these columns (`@column{custom}`) with as many decimals as their size deserves."""

    def dress(shown: Any) -> None:
        for tool in shown.select(HoverTool):
            tool.formatters = {**tool.formatters, **whole_numbers(*columns)}

    return dress


def _hold_still(shown: Any) -> None:
    """No drag moves a chart that no button would reset. HoloViews gives each part of an overlay such tools."""
    shown.tools = [tool for tool in shown.tools if not isinstance(tool, _MOVERS)]


def _offer_picture(shown: Any) -> None:
    """A button that saves the chart as PNG, over its corner while the pointer is on it; it takes no room."""
    shown.update(toolbar_location="above", toolbar_inner=True)
    shown.toolbar.stylesheets = [_BUTTON_ALONE]
    for tool in shown.tools:
        tool.visible = False  # it works, without a button
    shown.add_tools(SaveTool(filename=_FILE))


def _follow_theme(shown: Any) -> None:
    """The dashboard's theme sets the text of axes in the browser; figures within the chart take that font and color."""
    for drawn in shown.select(GlyphRenderer):
        if isinstance(drawn.glyph, Text):
            drawn.glyph.text_font = value(FONT)
            shown.yaxis[0].js_link("axis_label_text_color", drawn.glyph, "text_color")
    for title in shown.select(Title):
        shown.yaxis[0].js_link("axis_label_text_color", title, "text_color")
    for legend in shown.legend:
        legend.label_text_font_size = "12px"


def _cross(shown: Any) -> None:
    line = _crosshairs.setdefault(shown.x_range, Span(dimension="height", line_dash="dotted", line_color=GREY))
    shown.add_tools(CrosshairTool(overlay=line))
