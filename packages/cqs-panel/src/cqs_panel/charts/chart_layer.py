"""Elements over the price figure, in the browser alone: where they are in time and price, and who gets the pointer.

They are plain elements, not parts of the figure: these would cost each chart their making, and tell the server of each
move of the pointer.
"""

from __future__ import annotations

LAYER_JS = """
const clamp = (value, low, high) => Math.max(low, Math.min(value, high))
const svg = (tag, fields = {}) => { const el = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(fields)) el.setAttribute(name, value)
  return el }

function chartLayer(view, state) {
  const model = (name) => view.model.document?.get_model_by_id(state()[name])
  const listeners = new Set(), bound = []
  let known = null, layer = null, due = false
  const plot = () => {  // the view of the price figure; null until there is one
    const wanted = model("figure")
    if (known?.model !== wanted || !known?.el.isConnected) {
      known = wanted ? Bokeh.index.find_one(wanted) ?? null : null
      if (known) { connect(known.model); exportable(known, {place, title: () => state().subject ?? ""}) }
    }
    return known?.frame?.bbox.width > 0 ? known : null
  }
  const redraw = () => {
    if (due) return
    due = true
    requestAnimationFrame(() => { due = false; for (const draw of listeners) draw() })
  }
  const appear = () => { if (!known?.el.isConnected) redraw() }  // a figure may come after what is to stand on it
  const forget = () => { for (const signal of bound.splice(0)) signal.disconnect(redraw) }
  const connect = ({x_range, y_range, properties}) => {
    forget()
    const {inner_width, inner_height, y_scale} = properties
    for (const {change} of [x_range, y_range, inner_width, inner_height, y_scale]) {
      change.connect(redraw)
      bound.push(change)
    }
  }
  const area = () => plot()?.canvas_view.events_el
  const place = () => {  // an element that covers the frame; what leaves the frame is not seen
    const shown = plot()
    if (!shown) return null
    layer ??= make("div", {className: "cqs-layer", style: "position:absolute;overflow:hidden;pointer-events:none"})
    if (layer.parentNode !== area().parentNode) area().parentNode.append(layer)
    const {left, top, width, height} = shown.frame.bbox
    Object.assign(layer.style, {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`})
    return layer
  }
  const point = (sx, sy) => { const {frame} = plot()  // pixels of the frame
    return {x: frame.x_scale.invert(sx + frame.bbox.left), y: frame.y_scale.invert(sy + frame.bbox.top)} }
  const pixels = ({x, y}) => { const {frame} = plot()
    return [frame.x_scale.compute(x) - frame.bbox.left, frame.y_scale.compute(y) - frame.bbox.top] }
  const under = (event, {inside = true} = {}) => {  // the point at the pointer; null if that is not over the frame
    const shown = plot()
    if (!shown || (inside && !event.composedPath().includes(area()))) return null
    const box = area().getBoundingClientRect(), {left, top, width, height} = shown.frame.bbox
    const sx = event.clientX - box.left - left, sy = event.clientY - box.top - top
    if (inside && (sx < 0 || sy < 0 || sx > width || sy > height)) return null
    return point(clamp(sx, 0, width), clamp(sy, 0, height))
  }
  const nearest = (x) => {  // index of the candle at a time, and whether it is one of those that are drawn
    const {ts = [], step = []} = model("candles")?.data ?? {}
    if (!ts.length) return {i: 0, drawn: false}
    let a = 0, b = ts.length
    while (a < b) { const m = (a + b) >> 1; if (ts[m] < x) a = m + 1; else b = m }
    const i = a > 0 && (a === ts.length || x - ts[a - 1] <= ts[a] - x) ? a - 1 : a
    return {i, ts, step: step[i], drawn: Math.abs(ts[i] - x) <= step[i]}
  }
  const snapped = ({x, y}) => { const {i, ts, drawn} = nearest(x)
    return {x: drawn ? ts[i] : x, y} }
  const start = () => {  // where the keyboard begins: the last candle in view
    const {x_range: {start, end}, y_range} = plot().model, {i, ts} = nearest(end)
    const x = ts?.[i] >= start ? ts[Math.max(0, ts[i] > end ? i - 1 : i)] : (start + end) / 2
    return {x, y: model("candles").data.close?.[nearest(x).i] ?? (y_range.start + y_range.end) / 2}
  }
  const stepped = (from, key, far) => {  // the point that an arrow key leads to
    const {width, height} = plot().frame.bbox, [sx, sy] = pixels(from), much = far ? 10 : 1
    const up = {ArrowUp: -1, ArrowDown: 1}[key]
    if (up) return {x: from.x, y: point(0, clamp(sy + up * much * height / 100, 0, height)).y}
    const {i, ts} = nearest(from.x), next = ts?.[i + (key === "ArrowRight" ? much : -much)]
    if (next === undefined) return from
    const to = pixels({x: next, y: from.y})[0]
    return to >= 0 && to <= width ? {x: next, y: from.y} : from
  }
  return {plot, area, place, pixels, under, nearest, snapped, start, stepped, redraw, appear, model,
    draws: (draw) => listeners.add(draw), remove: () => { forget(); layer?.remove() }}
}
"""
"""`chartLayer(view, state)`: `state()` has the ids of `figure` and `candles`, and `subject`, the name of the market.

Needs `make` of `cqs_panel.dom` and `PICTURE_JS`.
"""
