"""The newest end of a candle chart: a line at the last price, and a viewport that follows where it shows that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, CustomJS

from cqs_panel.theme.material import FONT

if TYPE_CHECKING:
    from cqs_panel.theme import Tones

# In the browser, since only there it is known at once where the user is.
_FOLLOW = """
const [end] = newest.data.end, [edge] = newest.data.edge, [base] = newest.data.base
if (end != null && Array.isArray(x.bounds)) {
  const was = x.bounds[1] - edge, moved = end - was
  const shift = x.end >= was - base / 2 || x.end > end + edge ? moved : 0
  if (moved > 0) x.bounds = [x.bounds[0], end + edge]
  if (moved != 0 && shift != 0) x.setv({start: x.start + shift, end: x.end + shift})
  if (moved < 0) x.bounds = [x.bounds[0], end + edge]
}
"""
# In place, so that nothing is sent to the server; at the annotations' level nothing outside the frame is clipped.
_BESIDE = """
if (newest.data.x.length) {
  const {data} = newest, [price] = data.price, [mode] = y.tags
  const place = price >= y.start && price <= y.end ? price : NaN
  const text = mode === "percent" && y.cqs_base > 0
    ? `${(100 * (price / y.cqs_base - 1)).toFixed(2)} %` : data.said[0]
  if (data.x[0] !== x.end || !Object.is(data.y[0], place) || data.text[0] !== text) {
    data.x[0] = x.end
    data.y[0] = place
    data.text[0] = text
    newest.change.emit()
  }
}
"""
_COLUMNS = ("end", "edge", "base", "x", "y", "price", "said", "text", "color", "ground")
_LABEL = {
    "x_offset": 3,
    "text_baseline": "middle",
    "text_font": value(FONT),
    "text_font_size": "11px",
    "text_color": "#ffffff",
    "padding": [3, 3],
    "border_radius": 3,
    "level": "annotation",
}


class NewestEnd:
    """Created at the start: adding to a figure later makes Bokeh lay out the whole page again."""

    def __init__(self, figure: Any, colors: Tones) -> None:
        self._colors = colors
        self.data = ColumnDataSource({name: [] for name in _COLUMNS})
        figure.hspan("price", source=self.data, line_color="color", line_dash="dotted", line_width=1)
        figure.text("x", "y", "text", source=self.data, background_fill_color="ground", **_LABEL)
        x, y = figure.x_range, figure.y_range
        beside = CustomJS(args={"newest": self.data, "x": x, "y": y}, code=_BESIDE)
        self.data.js_on_change("data", CustomJS(args={"newest": self.data, "x": x}, code=_FOLLOW), beside)
        for of, name in ((x, "end"), (y, "start"), (y, "end"), (y, "tags")):
            of.js_on_change(name, beside)
        figure.js_on_change("inner_height", beside)  # a figure that comes with its candles has no change of data

    def show(self, end: int, edge: float, base: int, price: float, *, up: bool) -> None:
        """Tell the end of the newest candle, and the price that its line is at.

        Args:
            end: ms UTC.
            edge: ms that the viewport may go beyond it.
            base: length of a candle, in ms.
            price: the newest close.
            up: which tone it has.
        """
        # White has enough contrast on the tone of text on light ground, in both themes.
        tone, ground = (self._colors.up, self._colors.down)[not up], self._colors.text["light"][not up]
        text = price_text(price)
        values = (float(end), float(edge), float(base), float(end), price, price, text, text, tone, ground)
        self.data.data = {name: [one] for name, one in zip(_COLUMNS, values, strict=True)}

    def clear(self) -> None:
        """Take the line away."""
        if len(self.data.data["end"]):
            self.data.data = {name: [] for name in _COLUMNS}


def put(source: ColumnDataSource, begin: float, rows: dict[str, Any]) -> bool:
    """Put rows in the place of those drawn from `begin` on, sending no more than these.

    Returns:
        Whether they fit: nothing is changed where drawn rows would have to go, or to make room.
    """
    drawn, new = source.data["start"], rows["start"]
    at = int(np.searchsorted(drawn, begin))
    common = len(drawn) - at
    if len(new) < common or not np.array_equal(drawn[at:], new[:common]):
        return False
    if common:
        part = slice(at, at + common)
        source.patch({name: [(part, values[:common].tolist())] for name, values in rows.items()})
    if len(new) > common:
        source.stream({name: values[common:] for name, values in rows.items()})
    return True


def price_text(price: float) -> str:
    """A price that fits next to the axis.

    >>> price_text(107_845_000.0), price_text(3_412.567), price_text(0.01873)
    ('107,845,000', '3,412.57', '0.01873')
    """
    return f"{price:,.0f}" if abs(price) >= 100_000 else f"{price:,.6g}"
