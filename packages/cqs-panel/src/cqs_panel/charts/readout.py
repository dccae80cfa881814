"""The line above candles: open, high, low, close and volume of the one at the pointer, else of the last in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import CustomJS, CustomJSTickFormatter, Label, Node

from cqs_panel.theme import GREY
from cqs_panel.theme.material import FONT

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource

# In the browser only: the server need not know of pointer moves. Kept in `tags`: bucket, coin.
_SHOW = """
if (cb_obj.event_name === "mousemove") line.cqs_at = cb_obj.x
if (cb_obj.event_name === "mouseleave") line.cqs_at = null
const {start, open, high, low, close, volume} = source.data, at = line.cqs_at ?? x.end
let a = 0, b = start.length
while (a < b) { const middle = (a + b) >> 1; if (start[middle] <= at) a = middle + 1; else b = middle }
const i = a - 1
let text = " "
if (i >= 0) {
  const figure = (value) => { const size = Math.abs(value); return value.toLocaleString("en-US", size >= 1000
    ? {maximumFractionDigits: 0} : size >= 1 ? {maximumFractionDigits: 4} : {maximumSignificantDigits: 6}) }
  const when = new Date(start[i]).toISOString().slice(0, 16).replace("T", " ")
  const [bucket, coin] = line.tags, change = 100 * (close[i] / open[i] - 1)
  const moved = isFinite(change) ? `  ${change >= 0 ? "+" : ""}${change.toFixed(2)} %` : ""
  const many = new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 4}).format(volume[i])
  const four = `O ${figure(open[i])}  H ${figure(high[i])}  L ${figure(low[i])}  C ${figure(close[i])}`
  const whole = `${when} UTC · ${bucket}   ${four}${moved}  V ${many} ${coin}`
  text = window.innerWidth < 600 ? `${when} UTC  C ${figure(close[i])}${moved}` : whole
}
if (line.text !== text) line.setv({text}, {sync: false})
"""
_VOLUME = """
const [, coin] = line.tags
const shown = new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 4}).format(tick)
return tick && coin ? `${shown} ${coin}` : shown
"""
# The label of the newest price is next to the axis: ticks that it covers are left out.
_PRICE = """
const [price] = newest.data.price, clear = price == null || !isFinite(price) ||
  Math.abs(tick - price) / (y.end - y.start) * HEIGHT > 13
return clear ? new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 5}).format(tick) : ""
"""


class Readout:
    """Exists from the start, like all that a figure has.

    Args:
        price: the upper figure.
        volume: the lower one.
        source: of the candles.
        newest: of the newest price's label.
    """

    def __init__(self, price: Any, volume: Any, source: ColumnDataSource, newest: ColumnDataSource) -> None:
        self._line = Label(
            x=Node(target="frame", symbol="left"),
            y=Node(target="frame", symbol="top"),
            x_offset=2,
            y_offset=2,
            anchor="top_left",
            text=" ",
            text_color=GREY,
            text_font=FONT,
            text_font_size="12px",
            level="overlay",
            tags=["", ""],
        )
        price.add_layout(self._line)
        show = CustomJS(args={"line": self._line, "source": source, "x": price.x_range}, code=_SHOW)
        for figure in (price, volume):
            for event in ("mousemove", "mouseleave"):
                figure.js_on_event(event, show)
        price.x_range.js_on_change("end", show)
        for happening in ("data", "patching", "streaming"):
            source.js_on_change(happening, show)
        volume.yaxis.formatter = CustomJSTickFormatter(args={"line": self._line}, code=_VOLUME)
        code = _PRICE.replace("HEIGHT", str(price.height - 20))
        price.yaxis.formatter = CustomJSTickFormatter(args={"newest": newest, "y": price.y_range}, code=code)

    def show(self, bucket: str, market: str) -> None:
        """Show the names of the bucket and the market: `1d`, `BTC/KRW`."""
        self._line.tags = [bucket, market.partition("/")[0]]
