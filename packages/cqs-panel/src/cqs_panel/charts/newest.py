"""The newest end of a candle chart: a line at the last price, and a viewport that follows where it shows that end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, Label, Node

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
_SEEN = """
const [price] = newest.data.price
label.visible = Number.isFinite(price) && price >= y.start && price <= y.end
"""
_COLUMNS = ("end", "edge", "base", "price", "color")


class NewestEnd:
    """Exists from the start: what is added to a figure later makes Bokeh lay out the whole page anew."""

    def __init__(self, figure: Any, colors: Tones) -> None:
        self._colors = colors
        self._data = ColumnDataSource({name: [] for name in _COLUMNS})
        self._label = Label(
            x=Node.frame.right,
            y=0,
            x_offset=4,
            text="",
            text_baseline="middle",
            text_font_size="11px",
            text_color="#ffffff",
            padding=[2, 4],
            border_radius=3,
            visible=False,
        )
        figure.hspan("price", source=self._data, line_color="color", line_dash="dotted", line_width=1, line_alpha=0.9)
        figure.add_layout(self._label)
        self._listen(figure)

    def show(self, end: int, edge: float, base: int, price: float | None, *, up: bool) -> None:
        """Tell the end of the newest candle, and the price that its line is at.

        Args:
            end: ms UTC.
            edge: ms that the viewport may go beyond it.
            base: length of a candle, in ms.
            price: None draws no line.
            up: which tone it has.
        """
        if price is not None:
            # The tone of text on light ground: white on it has enough contrast in both themes.
            ground = self._colors.text["light"][0 if up else 1]
            self._label.update(y=price, text=price_text(price), background_fill_color=ground)
        tone = self._colors.up if up else self._colors.down
        known = {"end": [float(end)], "edge": [float(edge)], "base": [float(base)]}
        self._data.data = {**known, "price": [np.nan if price is None else price], "color": [tone]}

    def clear(self) -> None:
        """Take the line away."""
        if len(self._data.data["end"]):
            self._data.data = {name: [] for name in _COLUMNS}

    def _listen(self, figure: Any) -> None:
        follow = CustomJS(args={"newest": self._data, "x": figure.x_range}, code=_FOLLOW)
        seen = CustomJS(args={"newest": self._data, "label": self._label, "y": figure.y_range}, code=_SEEN)
        self._data.js_on_change("data", follow, seen)
        for name in ("start", "end"):
            figure.y_range.js_on_change(name, seen)


def put(source: ColumnDataSource, rows: dict[str, Any]) -> bool:
    """Put rows in the place of those drawn from their first on, sending no more than these.

    Returns:
        Whether they fit: nothing is changed where drawn rows would have to go, or to make room.
    """
    drawn, new = source.data["start"], rows["start"]
    at = int(np.searchsorted(drawn, new[0])) if len(new) else len(drawn)
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
    """A price that fits beside the axis.

    >>> price_text(107_845_000.0), price_text(3_412.567), price_text(0.01873)
    ('107,845,000', '3,412.57', '0.01873')
    """
    return f"{price:,.0f}" if abs(price) >= 100_000 else f"{price:,.6g}"
