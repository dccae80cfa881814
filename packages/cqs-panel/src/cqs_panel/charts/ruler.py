"""The ruler of a candle chart: from one point to another, in price, percent, bars and time. In the browser alone."""

from __future__ import annotations

RULER_JS = """
const span = (ms) => {  // at most two units: 3 d 4 h
  let left = Math.round(Math.abs(ms) / 1000)
  const parts = []
  for (const [unit, seconds] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    if (count) parts.push(`${count.toLocaleString("en-US")} ${unit}`)
    else if (parts.length) break
    if (parts.length === 2) break
  }
  return parts.join(" ") || "0 s"
}
const signed = (value, text) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${text}`
const priced = (value) => { const size = Math.abs(value)
  return size.toLocaleString("en-US", size >= 1000 ? {maximumFractionDigits: 0}
    : size >= 1 ? {maximumFractionDigits: 4} : {maximumSignificantDigits: 4}) }

function measured(layer, a, b) {  // in words: one line on the price, one on the time
  const change = b.y - a.y, percent = 100 * (b.y / a.y - 1)
  const share = a.y > 0 && isFinite(percent) ? ` (${signed(percent, Math.abs(percent).toFixed(2))} %)` : ""
  const from = layer.nearest(a.x), to = layer.nearest(b.x), known = from.drawn && to.drawn, ms = b.x - a.x
  const bars = known ? to.i - from.i : Math.round(ms / (to.step || from.step || 1))
  const count = `${known ? "" : "about "}${signed(bars, Math.abs(bars).toLocaleString("en-US"))}`
  return [`${signed(change, priced(change))}${share}`,
    `${count} ${Math.abs(bars) === 1 ? "bar" : "bars"}, ${signed(ms, span(ms))}`]
}

function ruler(layer, say) {
  let a = null, b = null
  const box = make("div", {className: "cqs-ruler"}), lines = svg("svg", {width: "100%", height: "100%"})
  const down = svg("path"), across = svg("path"), label = make("div", {attributes: {"data-ruler": ""}})
  lines.append(down, across)
  box.append(lines, label)
  box.style.cssText = "position:absolute;box-sizing:border-box"
  lines.style.cssText = "position:absolute;overflow:visible"
  const arrow = (x0, y0, x1, y1) => { const dx = Math.sign(x1 - x0), dy = Math.sign(y1 - y0), s = 5
    return `M${x0} ${y0}L${x1} ${y1}` + (dx || dy ? `M${x1 - s * dx - s * dy} ${y1 - s * dy - s * dx}L${x1} ${y1}` +
      `L${x1 - s * dx + s * dy} ${y1 - s * dy + s * dx}` : "") }
  const draw = () => {
    const place = a && layer.place()
    if (!place) { box.remove(); return }
    if (box.parentNode !== place) place.append(box)
    const [x0, y0] = layer.pixels(a), [x1, y1] = layer.pixels(b), {width, height} = layer.plot().frame.bbox
    const left = Math.min(x0, x1), top = Math.min(y0, y1), w = Math.abs(x1 - x0), h = Math.abs(y1 - y0)
    const tone = b.y >= a.y ? "var(--cqs-up)" : "var(--cqs-down)"
    Object.assign(box.style, {left: `${left}px`, top: `${top}px`, width: `${w}px`, height: `${h}px`,
      background: `color-mix(in srgb, ${tone} 16%, transparent)`, outline: `1px solid ${tone}`})
    for (const path of [down, across]) { path.setAttribute("stroke", tone); path.setAttribute("fill", "none") }
    down.setAttribute("d", arrow(w / 2, y0 - top, w / 2, y1 - top))
    across.setAttribute("d", arrow(x0 - left, h / 2, x1 - left, h / 2))
    const text = measured(layer, a, b).join("\\n")
    if (label.textContent !== text) { label.textContent = text; say(text.replace("\\n", ", ")) }
    label.style.cssText = `position:absolute;white-space:pre;text-align:center;font:12px/17px Roboto,sans-serif;
      font-variant-numeric:tabular-nums;padding:4px 8px;border-radius:6px;background:var(--cqs-paper);color:${tone};
      border:1px solid ${tone};width:max-content;font-weight:500`
    const {offsetWidth: lw, offsetHeight: lh} = label
    const y = b.y >= a.y ? y1 - lh - 6 : y1 + 6  // beyond the second point, but inside the frame
    label.style.left = `${clamp((x0 + x1 - lw) / 2, 2, width - lw - 2) - left}px`
    label.style.top = `${clamp(y, 2, height - lh - 2) - top}px`
  }
  layer.draws(draw)
  return {
    get shown() { return a !== null },
    begin(point) { a = b = layer.snapped(point); draw() },
    extend(point) { b = layer.snapped(point); draw() },
    clear() { if (a) { a = b = null; label.textContent = ""; say(""); draw() } },
  }
}
"""
"""`ruler(layer, say)` on a layer of `LAYER_JS`: begin, extend and clear; `say` gets each measure as one line."""
