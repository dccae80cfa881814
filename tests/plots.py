"""What is drawn in a page: every figure that is seen, whether it shows something, and the tools of a trader on it."""

from __future__ import annotations

import time
from typing import Any

_PLOTS = """
const all = (root, out = []) => { for (const el of root.querySelectorAll("*")) { out.push(el)
  if (el.shadowRoot) all(el.shadowRoot, out) } return out }
const plots = () => Bokeh.documents.flatMap((one) => [...one._all_models.values()])
  .filter((model) => model.type === "Figure" || model.type === "Plot")
  .map((model) => Bokeh.index.find_one_by_id(model.id)).filter((view) => view?.el.checkVisibility())
const crosses = ({model, x: xs, y: ys}, x, y) =>  // whether a line goes through the frame, maybe without a point in it
  model.type === "Line" && [...xs].some((at, i) =>
    at <= x.max && xs[i + 1] >= x.min && ys[i] >= y.min && ys[i] <= y.max)
const inView = (view) => {  // how many points of glyphs are in the frame, and how many lines
  const {x_range: x, y_range: y} = view.frame
  let n = 0
  for (const one of view.model.renderers) {
    const glyph = view.views.find_one(one)?.glyph
    if (!glyph?.index || !one.visible || !glyph.visuals) continue
    n += [...glyph.index.indices({x0: x.min, x1: x.max, y0: y.min, y1: y.max})].length + crosses(glyph, x, y)
  }
  return n
}
const tables = () => Bokeh.documents.flatMap((one) => [...one._all_models.values()])
  .filter((model) => model.type === "panel.models.tabulator.DataTabulator")
  .map((model) => Bokeh.index.find_one_by_id(model.id)).filter((view) => view?.el.checkVisibility())
const filled = ({tabulator, model}) =>  // whether it has the rows that the server sent
  tabulator?.initialized && tabulator.getDataCount() === (model.source.get_length() ?? 0)
const copy = new OffscreenCanvas(1, 1), pen = copy.getContext("2d", {willReadFrequently: true})
const inked = (view) => {  // whether anything but transparency is on its canvas, inside the frame
  const {canvas, pixel_ratio} = view.canvas_view.primary, box = view.frame.bbox
  const [x, y, w, h] = [box.x, box.y, box.width, box.height].map((one) => Math.round(one * pixel_ratio))
  if (w < 1 || h < 1 || !canvas.width || !canvas.height) return false
  copy.width = w; copy.height = h  // a canvas of our own: Chromium warns where those of others are read
  pen.drawImage(canvas, x, y, w, h, 0, 0, w, h)
  const {data} = pen.getImageData(0, 0, w, h)
  let n = 0
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 60 && Math.max(data[i], data[i+1], data[i+2]) - Math.min(data[i], data[i+1], data[i+2]) > 25) n++
  return n > 20
}
"""
_SHOWN = f"""() => {{ {_PLOTS}
  return plots().map((view) => ({{
    id: view.model.id, height: view.model.height, points: inView(view), inked: inked(view),
    start: view.frame.x_range.start, end: view.frame.x_range.end, floor: view.frame.x_range.min_interval,
    bounds: view.frame.x_range.bounds, tools: view.model.toolbar.tools.map((tool) => tool.type),
  }})) }}"""
_SETTLED = f"""([of, times]) => {{ {_PLOTS}
  const found = all(document), seen = (el) => el.checkVisibility()
  const busy = found.some((el) => (el.getAttribute("aria-label") === "Loading" ||
    el.id === "loader" || el.matches(".skeleton, .cqs-still")) && seen(el))  // the loader covers all, and takes clicks
  const there = !of || found.some((el) => el.classList.contains(`cqs-view-${{of}}`) && seen(el))
  const whole = there && !busy && Bokeh.documents.length && Bokeh.documents.every((one) => one.is_idle) &&
    plots().every((view) => inView(view) && inked(view)) && tables().every(filled)
  window.cqsSettled = whole ? (window.cqsSettled ?? 0) + 1 : 0
  return window.cqsSettled >= times }}"""
_LACKING = f"""() => {{ {_PLOTS}
  const found = all(document), seen = (el) => el.checkVisibility()
  return {{idle: Bokeh.documents.map((one) => one.is_idle),
    loading: found.filter((el) => el.getAttribute("aria-label") === "Loading" && seen(el)).length,
    covered: found.some((el) => el.id === "loader" && seen(el)),
    skeletons: found.filter((el) => el.classList.contains("skeleton") && seen(el)).length,
    plots: plots().map((view) => [view.model.id, view.model.height, inView(view), inked(view)]),
    tables: tables().map((view) => [view.model.id, filled(view), view.model.source.get_length()])}} }}"""
_STILL = """
const still = async (find) => {  // what is found, once it is the same for five frames: layout moves what comes late
  for (let was = "", same = 0; same < 5;) {
    const now = JSON.stringify(find())
    same = now === was ? same + 1 : 0
    was = now
    await new Promise(requestAnimationFrame)
  }
  return find()
}
"""
_BOX = f"""(id) => {{ {_PLOTS} {_STILL} return still(() => {{
  const view = plots().find((one) => one.model.id === id), box = view.frame.bbox
  view.el.scrollIntoView({{block: "center"}})
  const {{left, top}} = view.canvas_view.el.getBoundingClientRect()
  return [left + box.left, top + box.top, box.width, box.height] }}) }}"""
_PLACE = f"""([height, key]) => {{ {_PLOTS} {_STILL} return still(() => {{
  const view = plots().find((one) => one.model.height === height && one.model.renderers.length)
  const data = view.model.renderers[0].data_source.data, at = [...data[key]].findLastIndex((one) => one)
  const middle = (a, b) => (data[a][at] + data[b][at]) / 2
  view.el.scrollIntoView({{block: "center"}})
  const {{left, top}} = view.canvas_view.el.getBoundingClientRect()
  return [left + view.frame.x_scale.compute(middle("left", "right")),
          top + view.frame.y_scale.compute(middle("bottom", "top")), data[key][at]] }}) }}"""


def plots(page: Any) -> list[dict[str, Any]]:
    """Every figure in the view that is seen."""
    return page.evaluate(_SHOWN)


def settle(page: Any, of: str = "", times: int = 4) -> None:
    """Until a view is seen, nothing is loading, and every figure shows something; fails with what does not.

    What is asked for when the first is there is waited for, too: the page must be whole several times in a row.

    Args:
        page: Playwright's.
        of: slug of the view.
        times: how often in a row it must be whole, at intervals of 60 ms; a part that waits for the page to rest
            comes within 20.
    """
    from playwright.sync_api import TimeoutError as Late

    try:
        page.evaluate("window.cqsSettled = 0")
        page.wait_for_function(_SETTLED, arg=[of, times], polling=60)
    except Late:
        raise AssertionError(f"not settled: {page.url}, {page.evaluate(_LACKING)}") from None


def box(page: Any, plot: dict[str, Any]) -> tuple[float, float, float, float]:
    """Left, top, width and height of a figure's frame in the window, scrolled into view."""
    return page.evaluate(_BOX, plot["id"])


def last_cell(page: Any, height: int, column: str) -> tuple[float, float, str]:
    """Where in the window the last rectangle with a text in a column is, and that text; of the figure of a height."""
    return page.evaluate(_PLACE, [height, column])


def double_click(page: Any, x: float, y: float) -> None:
    """Two clicks 80 ms apart by their own time, however long a busy machine takes for them; `x` and `y` as of `box`."""
    session, now = page.context.new_cdp_session(page), time.time()
    for n, kind in enumerate(("mouseMoved", "mousePressed", "mouseReleased", "mousePressed", "mouseReleased")):
        pressed = {"button": "left", "clickCount": (n + 1) // 2} if n else {}
        said = {"type": kind, "x": x, "y": y, "timestamp": now + 0.04 * n, **pressed}
        session.send("Input.dispatchMouseEvent", said)
    session.detach()


def range_of(page: Any, plot: dict[str, Any]) -> tuple[float, float]:
    found = next(one for one in plots(page) if one["id"] == plot["id"])
    return found["start"], found["end"]


def reset(page: Any, plot: dict[str, Any]) -> None:
    """Press Reset in the toolbar of a figure."""
    page.evaluate(
        f"(id) => {{ {_PLOTS} const view = plots().find((one) => one.model.id === id)\n"
        "view.tool_views.values ? 0 : 0; for (const [tool, shown] of view.tool_views) "
        'if (tool.type === "ResetTool") shown.doit() }',
        plot["id"],
    )
