"""The PNG of a candle chart: all its figures, with what stands over the candles: ruler, notes. In the browser alone."""

from __future__ import annotations

PICTURE_JS = """
const HEAD = 26  // pixels of the line that names the market

function painted(ctx, root) {  // the elements below a root, as the browser shows them
  const origin = root.getBoundingClientRect()
  const place = ({left, top, width, height}) => [left - origin.left, top - origin.top, width, height]
  const written = (node, style) => {
    const range = document.createRange()
    Object.assign(ctx, {fillStyle: style.color, font: style.font, textBaseline: "middle"})
    let from = 0
    for (const line of node.data.split("\\n")) {
      range.setStart(node, from)
      range.setEnd(node, from + line.length)
      from += line.length + 1
      const [x, y, , height] = place(range.getBoundingClientRect())
      ctx.fillText(line, x, y + height / 2)
    }
  }
  const one = (el) => {
    const style = getComputedStyle(el), [x, y, width, height] = place(el.getBoundingClientRect())
    ctx.save()
    if (el.tagName === "path") {
      ctx.translate(...place(el.ownerSVGElement.getBoundingClientRect()).slice(0, 2))
      ctx.strokeStyle = style.stroke
      ctx.stroke(new Path2D(el.getAttribute("d")))
    } else {
      ctx.globalAlpha *= style.opacity
      ctx.beginPath()
      ctx.roundRect(x, y, width, height, parseFloat(style.borderRadius) || 0)
      ctx.fillStyle = style.backgroundColor
      ctx.fill()
      const edged = parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none"
      ctx.strokeStyle = edged ? style.borderTopColor : style.outlineColor
      if (edged || style.outlineStyle !== "none") ctx.stroke()
      if (style.overflow === "hidden") ctx.clip()
      for (const child of el.childNodes) child.nodeType === Node.TEXT_NODE ? written(child, style) : one(child)
    }
    ctx.restore()
  }
  for (const el of root.children) one(el)
}

function exportable(view, {place, title}) {  // Bokeh's Save button takes what `export` of the figure's view gives
  const own = Object.getPrototypeOf(view).export.bind(view)  // not that of an earlier call: it would be drawn in
  const figures = () => [...view.model.document.all_models]
    .filter((one) => one.type === "Figure" && one.x_range === view.model.x_range)
    .map((one) => Bokeh.index.find_one(one)).filter((one) => one?.el.isConnected && one.bbox.width > 0)
    .sort((a, b) => a.el.getBoundingClientRect().top - b.el.getBoundingClientRect().top)
  view.export = (type = "auto", hidpi = true) => {
    if (type === "svg") return own(type, hidpi)
    const all = figures(), parts = all.map((one) => one === view ? own("png", hidpi) : one.export("png", hidpi))
    const ratio = parts[0].pixel_ratio, style = getComputedStyle(view.el)
    const color = (name) => style.getPropertyValue(name)
    const canvas = document.createElement("canvas"), ctx = canvas.getContext("2d")
    canvas.width = ratio * Math.max(...all.map((one) => one.bbox.width))
    canvas.height = ratio * all.reduce((sum, one) => sum + one.bbox.height, HEAD)
    ctx.scale(ratio, ratio)
    ctx.fillStyle = color("--cqs-paper")
    ctx.fillRect(0, 0, canvas.width, canvas.height)
    Object.assign(ctx, {fillStyle: color("--cqs-text"), font: "600 13px Roboto, sans-serif", textBaseline: "middle"})
    ctx.fillText(title(), 8, HEAD / 2)
    let top = HEAD
    for (const [i, one] of all.entries()) {
      const {width, height} = one.bbox
      ctx.drawImage(parts[i].canvas, 0, top, width, height)
      const over = one === view ? place() : null
      if (over) {
        const frame = view.frame.bbox
        ctx.save()
        ctx.beginPath()
        ctx.rect(frame.left, top + frame.top, frame.width, frame.height)
        ctx.clip()
        ctx.translate(frame.left, top + frame.top)
        painted(ctx, over)
        ctx.restore()
      }
      top += height
    }
    return {canvas, pixel_ratio: ratio, to_blob: () => new Promise((done) => canvas.toBlob(done, "image/png"))}
  }
}
"""
"""`exportable(view, {place, title})`: `place()` has the elements over the frame, `title()` names what is shown."""
