"""What the figures say in the window alone: the readout of the candle at the pointer, and the price axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import CustomJS, CustomJSTicker, CustomJSTickFormatter

from cqs_panel.charts.compared_lines import PERCENTS_JS
from cqs_panel.charts.style import SHORT_JS, WHOLE_JS

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource

_FIGURE = f"const figure = (value) => {{{WHOLE_JS}}}"
# In the browser only: the server need not know of pointer moves. The tags of `x`: bucket, coin, interval of the series.
_SHOW = """
if (cb_obj.event_name === "mousemove") x.cqs_at = cb_obj.x
if (cb_obj.event_name === "mouseleave") x.cqs_at = null
const {start, open, high, low, close, volume} = source.data, at = x.cqs_at ?? x.end
let a = 0, b = start.length
while (a < b) { const middle = (a + b) >> 1; if (start[middle] <= at) a = middle + 1; else b = middle }
const i = a - 1, known = window.cqs_readouts ??= new Map()
if (i < 0) known.delete(x.id)
else {
  const [bucket, coin, base] = x.tags, change = 100 * (close[i] / open[i] - 1)
  const lines = {}, {xs, ys, key} = drawn.data, middle = source.data.ts[i], half = source.data.step[i] / 2
  for (let k = 0; k < xs.length; k++) if (key[k] !== "") {
    let a = 0, b = xs[k].length
    while (a < b) { const m = (a + b) >> 1; if (xs[k][m] <= middle + 1) a = m + 1; else b = m }
    const value = a && middle - xs[k][a - 1] < half ? ys[k][a - 1] : NaN
    const said = isFinite(value) ? figure(value) : "–"
    lines[key[k]] = key[k] in lines ? `${lines[key[k]]} / ${said}` : said
  }
  Object.assign(lines, percents(others, middle + half, close[i]))
  const many = new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 4}).format(volume[i])
  known.set(x.id, {
    when: new Date(start[i]).toISOString().slice(0, 16).replace("T", " ") +
      ` UTC · ${bucket === base ? bucket : `${bucket} bars of ${base}`}`,
    open: figure(open[i]), high: figure(high[i]), low: figure(low[i]), close: figure(close[i]),
    change: isFinite(change) ? `${change >= 0 ? "+" : ""}${change.toFixed(2)} %` : "", up: change >= 0,
    volume: `${many} ${coin}`, lines,
  })
}
document.dispatchEvent(new CustomEvent("cqs-readout", {detail: x.id}))
"""
_VOLUME = """
const [, coin] = x.tags
const shown = new Intl.NumberFormat("en-US", {notation: "compact", maximumSignificantDigits: 4}).format(tick)
return tick && coin ? `${shown} ${coin}` : shown
"""
# The label of the newest price is next to the axis: ticks that it covers are left out.
_PRICE = """
const [place] = newest.data.y, [mode] = y.tags
const share = (value) => mode === "log" ? Math.log(value / y.start) / Math.log(y.end / y.start)
  : (value - y.start) / (y.end - y.start)
if (place != null && isFinite(place) && Math.abs(share(tick) - share(place)) * (frame.height - 20) <= 13) return ""
if (mode === "percent" && y.cqs_base > 0)
  return `${new Intl.NumberFormat("en-US", {maximumFractionDigits: 2}).format(100 * (tick / y.cqs_base - 1))} %`
"""
# Round figures of what the axis shows: prices, or percent.
_TICKS = """
const {start, end} = cb_data, [mode] = y.tags, base = y.cqs_base
if (!(end > start) || !isFinite(start) || !isFinite(end)) return []
const round = (a, b) => {
  const raw = (b - a) / 6, power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((one) => one >= raw) ?? 10 * power
  const first = Math.ceil(a / step), count = Math.min(Math.floor(b / step) - first + 1, 40)
  return Array.from({length: Math.max(count, 0)}, (_, i) => (first + i) * step)
}
if (mode === "percent" && base > 0)
  return round(100 * (start / base - 1), 100 * (end / base - 1)).map((one) => base * (1 + one / 100))
if (mode === "log" && start > 0 && end / start > 3) {
  const decades = Math.log10(end / start)
  const kept = decades < 1.3 ? [1, 1.5, 2, 3, 4, 6] : decades < 3 ? [1, 2, 5] : decades < 6 ? [1, 3] : [1]
  const all = []
  for (let e = Math.floor(Math.log10(start)); e <= Math.log10(end); e++) for (const k of kept) all.push(k * 10 ** e)
  const seen = all.filter((one) => one >= start && one <= end)
  if (seen.length > 1) return seen
}
return round(start, end)
"""


class Readout:
    """Exists from the start, like all that a figure has. It writes into `window.cqs_readouts`, which the bar shows.

    Args:
        price: the upper figure.
        volume: the lower one.
        source: of the candles.
        newest: of the newest price's label.
        lines: of the lines over the price and in panes.
        compared: of the lines of other markets.
    """

    def __init__(
        self,
        price: Any,
        volume: Any,
        source: ColumnDataSource,
        newest: ColumnDataSource,
        lines: ColumnDataSource,
        compared: ColumnDataSource,
    ) -> None:
        x, y = price.x_range, price.y_range
        x.tags = ["", "", ""]
        show = CustomJS(
            args={"source": source, "x": x, "drawn": lines, "others": compared}, code=_FIGURE + PERCENTS_JS + _SHOW
        )
        for figure in (price, volume):
            for event in ("mousemove", "mouseleave"):
                figure.js_on_event(event, show)
        x.js_on_change("end", show)
        x.js_on_change("tags", show)
        price.js_on_change("inner_height", show)  # a figure that comes with its candles has no change of data
        for happening in ("data", "patching", "streaming"):
            source.js_on_change(happening, show)
        for happening in ("data", "patching"):
            lines.js_on_change(happening, show)
        for happening in ("data", "change"):
            compared.js_on_change(happening, show)
        self._x = x
        volume.yaxis.formatter = CustomJSTickFormatter(args={"x": x}, code=_VOLUME)
        args = {"newest": newest, "y": y, "frame": price}
        price.yaxis.formatter = CustomJSTickFormatter(args=args, code=_PRICE + SHORT_JS)
        price.yaxis.ticker = CustomJSTicker(args={"y": y}, major_code=_TICKS)

    def show(self, bucket: str, market: str, interval: str) -> None:
        """Show the names of the bucket, the market and the series' own interval: `4h`, `BTC/KRW`, `1h`."""
        if (tags := [bucket, market.partition("/")[0], interval]) != self._x.tags:
            self._x.tags = tags
