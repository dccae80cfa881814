"""The two figures of a candle chart: price over volume, whose value axes fit the candles in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, LinearScale, LogScale, Range1d, SaveTool

from cqs_panel.charts.buckets import joined
from cqs_panel.charts.changes import columns
from cqs_panel.charts.compared_lines import TOGETHER_JS, ComparedLines
from cqs_panel.charts.newest import put
from cqs_panel.charts.style import crosshair, time_figure
from cqs_panel.drawing import unread

if TYPE_CHECKING:
    from cqs_panel.charts.buckets import Buckets
    from cqs_panel.charts.chart_controls import Scale
    from cqs_panel.theme import Tones

_FIT = """
const {ts, low, high, close, volume} = source.data, a = x.start, b = x.end
let bottom = Infinity, top = -Infinity, most = 0, base = null
for (let i = 0; i < ts.length; i++) if (ts[i] >= a && ts[i] <= b) {
  base ??= close[i]
  if (low[i] < bottom) bottom = low[i]
  if (high[i] > top) top = high[i]
  if (volume[i] > most) most = volume[i]
}
const [lowest_line, highest_line] = together(others, a, b, base)
y.cqs_base = base ??= others.data.times.length ? others.cqs_main : null
bottom = Math.min(bottom, lowest_line)
top = Math.max(top, highest_line)
// Indicators over the price are in view too, as long as the candles keep a third of the height.
const {xs, ys, key, place} = lines.data
let lowest = bottom, highest = top
for (let k = 0; k < xs.length; k++) if (key[k] !== "" && place[k] === "")
  for (let i = 0; i < xs[k].length; i++) if (xs[k][i] >= a && xs[k][i] <= b) {
    if (ys[k][i] < lowest) lowest = ys[k][i]
    if (ys[k][i] > highest) highest = ys[k][i]
  }
const log = y.tags[0] === "log" && bottom > 0, room = log ? top / bottom : top - bottom
bottom = Math.max(lowest, log ? bottom / room : bottom - room)
top = Math.min(highest, log ? top * room : top + room)
if (top >= bottom) {
  const pad = (top - bottom || top || 1) * 0.06, apart = (top / bottom || 1) ** 0.06
  if (log) y.setv({start: bottom / apart, end: top * apart})
  else y.setv({start: bottom - pad, end: top + pad})
}
if (most > 0) v.setv({start: 0, end: most * 1.08})
"""


class CandleFigures:
    """One viewport, one crosshair.

    Attributes:
        data: the drawn buckets.
        price: the upper figure.
        volume: the lower one.
        compared: lines of other markets over the price.
        crosshair: the vertical line through both.

    Args:
        height: of both, in pixels.
        colors: of candles that rise and fall.
    """

    def __init__(self, height: int, colors: Tones) -> None:
        self._colors = colors
        self._scale: Scale = "linear"
        self.data = ColumnDataSource(columns(joined([], 1), colors))
        upper, lower = _heights(height)
        self.price = time_figure(upper, y_range=Range1d(0, 1))
        shared = {"x_range": self.price.x_range, "y_range": Range1d(0, 1)}
        self.volume = time_figure(lower, **shared, toolbar_location=None)
        self._draw()
        self.compared = ComparedLines(self.price)
        self.crosshair = crosshair(self.price, self.volume, level=self.price)
        self._follow_view()

    def show(self, bars: Buckets) -> None:
        """Draw these in place of all."""
        self.data.data = columns(bars, self._colors)
        self.fit()

    def put(self, begin: float, bars: Buckets) -> bool:
        """Draw these in place of those from `begin` on; whether they fit."""
        return put(self.data, begin, columns(bars, self._colors))

    def call(self, name: str) -> None:
        """Say the name of the file in which the user saves them; without one the browser asks for it."""
        self.price.select_one(SaveTool).filename = name

    def resize(self, height: int) -> None:
        self.price.height, self.volume.height = _heights(height)

    def set_scale(self, scale: Scale) -> None:
        """Change the price axis."""
        self._scale = scale
        self.price.y_scale = LogScale() if scale == "log" else LinearScale()
        self.price.y_range.tags = [scale]
        self.fit()

    def _draw(self) -> None:
        p, v = self.price, self.volume
        p.segment("ts", "high", "ts", "low", source=self.data, color="color", line_width=1)
        p.segment("left", "close", "right", "close", source=self.data, color="color", line_width=1)
        # Not VBar: it pins what lies beyond the frame to its edge, where it shines through.
        p.rect("ts", "middle", "width", "body", source=self.data, fill_color="color", line_color=None)
        v.rect("ts", "half", "width", "volume", source=self.data, fill_color="color", line_color=None, fill_alpha=0.5)
        p.xaxis.visible = v.ygrid.visible = False
        v.yaxis.ticker.desired_num_ticks = 2

    def _follow_view(self) -> None:
        """Let the browser fit the value axes with each change of the viewport or the candles."""
        p, data = self.price, self.data
        args = {"source": data, "x": p.x_range, "y": p.y_range, "v": self.volume.y_range}
        args["others"] = self.compared.source
        self._fit = fit = CustomJS(args=args, code=TOGETHER_JS + _FIT)
        for name in ("start", "end"):
            p.x_range.js_on_change(name, fit)
        p.y_range.js_on_change("tags", fit)
        for one in (p, self.volume):
            one.js_on_event("reset", fit)  # it also sets the value axes to what they began with
        for happening in ("data", "patching", "streaming"):
            data.js_on_change(happening, fit)
        self.compared.source.js_on_change("data", fit)

    def make_room(self, lines: ColumnDataSource) -> None:
        """Let the browser fit the price axis to lines of indicators, too. Called once, when the figure is made."""
        self._fit.args = {**self._fit.args, "lines": lines}
        for happening in ("data", "patching"):
            lines.js_on_change(happening, self._fit)

    def fit(self) -> None:
        """Fit the value axes of a figure that no browser has yet; a browser does it with each change (`_FIT`)."""
        if self.price.document is not None and not unread(self.price.document):
            return
        data, x = self.data.data, self.price.x_range
        seen = (data["ts"] >= x.start) & (data["ts"] <= x.end) & np.isfinite(data["low"]) & np.isfinite(data["high"])
        if not seen.any():
            return
        bottom, top = float(data["low"][seen].min()), float(data["high"][seen].max())
        pad, apart = 0.06 * (top - bottom or top or 1.0), (top / bottom if bottom > 0 else 1.0) ** 0.06
        log = self._scale == "log" and bottom > 0
        self.price.y_range.update(start=bottom / apart if log else bottom - pad, end=top * apart if log else top + pad)
        if (most := float(np.nan_to_num(data["volume"][seen]).max())) > 0:
            self.volume.y_range.update(start=0, end=1.08 * most)


def _heights(height: int) -> tuple[int, int]:
    """Heights of price and volume, in pixels; the lower one has the axis of time."""
    return round(height * 0.78), round(height * 0.22) + 40
