"""The bridge from the backtest's profit to the bot's, as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure

from cqs_panel import WIDE, short, tones
from cqs_panel.charts import pane, short_numbers, styled
from cqs_panel.theme import ACCENT, GREY

if TYPE_CHECKING:
    from cqs_monitor.compare.bridge import Bridge

_NAMES = ("backtest", "missed", "extra", "price", "size", "fees", "live")
_COLUMNS = ("name", "low", "high", "value", "color", "label")
_ENDS = ("backtest", "live")


class BridgeChart(pn.viewable.Viewer):
    """The first and last bar start at zero; each part between them begins where the previous one ends."""

    def __init__(self) -> None:
        super().__init__()
        self._data = ColumnDataSource({key: [] for key in _COLUMNS})
        shown = figure(
            x_range=list(_NAMES),
            height=260,
            sizing_mode="stretch_width",
            toolbar_location=None,
            tools="",
            y_axis_location="right",
            y_range=Range1d(0, 1),
        )
        self._shown = shown
        styled(shown)
        shown.yaxis.formatter = short_numbers()
        shown.xaxis.major_label_text_font_size = "10px"
        drawn = shown.vbar("name", 0.6, "high", "low", source=self._data, color="color", line_color=None)
        shown.text(
            "name",
            "high",
            "label",
            source=self._data,
            text_align="center",
            text_baseline="bottom",
            y_offset=-3,
            text_font_size="11px",
            text_color=GREY,
        )
        tips = [("", "@name"), ("Profit", "@value{+0,0.00}")]
        shown.add_tools(HoverTool(renderers=[drawn], tooltips=tips, show_arrow=False, point_policy="follow_mouse"))
        self._pane, self._root = pane(shown), pn.Column(**WIDE)

    def __panel__(self) -> Any:
        return self._root

    def update(self, bridge: Bridge) -> None:
        """Draw another bridge."""
        data = _steps(bridge)
        if data != dict(self._data.data):
            self._data.data = data
            self._fit()
        if self._pane not in self._root:  # with its data: Bokeh cannot give an empty figure a range
            self._root[:] = [self._pane]

    def _fit(self) -> None:
        """Show the range between backtest and live: next to two bars from 0 the parts would be tiny."""
        shown = [i for i, name in enumerate(_NAMES) if name not in _ENDS]
        low, high = (pick(self._data.data[edge][i] for i in shown) for pick, edge in ((min, "low"), (max, "high")))
        low, high = (0.0, high) if 0 < low < high / 2 else (low, 0.0) if low / 2 < high < 0 else (low, high)
        pad = (high - low or abs(high) or 1.0) * 0.15
        self._shown.y_range.update(start=low - pad, end=high + pad)


def _steps(bridge: Bridge) -> dict[str, list[Any]]:
    parts, colors, level = bridge.json(), tones(), 0.0
    rows = []
    for name in _NAMES:
        value = parts[name]
        start = 0.0 if name in _ENDS else level
        level = start + value
        color = ACCENT if name in _ENDS else colors.up if value >= 0 else colors.down
        rows.append(
            (name, min(start, level), max(start, level), value, color, ("+" if value > 0 else "") + short(value))
        )
    return {key: list(column) for key, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)}
