"""Brushes on the axes of parallel coordinates."""

from __future__ import annotations

from typing import Any

from bokeh.events import DoubleTap, SelectionGeometry
from bokeh.models import BoxSelectTool, ColumnDataSource, CustomJS, GlyphRenderer, Quad, Segment

from cqs_panel.theme import ACCENT

_NARROW = 100  # pixels of an axis below which its name is written at a slant

# A drag over an axis keeps the sets that pass between its ends; a set stays if all brushed axes keep it.
# The lines between axes i and i+1 are rows of one source, so that a set has several rows.
_BRUSH = """
const at = brushes.tags[0] ?? {}
if (cb_obj.event_name === "doubletap") for (const axis in at) delete at[axis]
else {
  const g = cb_obj.geometry
  if (!cb_obj.final || g.type !== "rect") return
  const [left, right] = [Math.min(g.x0, g.x1), Math.max(g.x0, g.x1)]
  const [low, high] = [Math.min(g.y0, g.y1), Math.max(g.y0, g.y1)]
  const near = Math.round((left + right) / 2)
  const axes = [...Array(count).keys()].filter((i) => (left <= i && i <= right) || i === near)
  for (const axis of axes) {
    if (high - low < 0.01) delete at[axis]
    else at[axis] = [low, high]
  }
}
brushes.tags = [at]
const axes = Object.keys(at).map(Number), d = lines.data, out = new Set()
for (let i = 0; i < d.set.length; i++)
  for (const axis of axes) {
    const y = d.x0[i] === axis ? d.y0[i] : d.x1[i] === axis ? d.y1[i] : null
    if (y !== null && (y < at[axis][0] || y > at[axis][1])) { out.add(d.set[i]); break }
  }
brushes.data = {left: axes.map((a) => a - 0.07), right: axes.map((a) => a + 0.07),
  bottom: axes.map((a) => at[a][0]), top: axes.map((a) => at[a][1])}
const kept = []
if (axes.length) for (let i = 0; i < d.set.length; i++) if (!out.has(d.set[i])) kept.push(i)
lines.selected.indices = kept
"""
_FIT = f"""
const narrow = figure.inner_width / count < {_NARROW}
axis.major_label_orientation = narrow ? 0.7 : "horizontal"
figure.min_border_left = narrow ? 48 : 8
"""


def brushed_axes(figure: Any) -> None:
    """Let the user brush the axes of a figure whose segments have columns `x0`, `y0`, `x1`, `y1` and `set`."""
    lines = next(
        one.data_source for one in figure.renderers if isinstance(one, GlyphRenderer) and isinstance(one.glyph, Segment)
    )
    figure.ygrid.visible = False
    count = len(figure.xaxis[0].ticker.ticks)
    fit = CustomJS(args={"figure": figure, "axis": figure.xaxis[0], "count": count}, code=_FIT)
    figure.js_on_change("inner_width", fit)
    brushes = ColumnDataSource({name: [] for name in ("left", "right", "bottom", "top")}, tags=[{}])
    figure.add_glyph(brushes, Quad(fill_color=ACCENT, fill_alpha=0.25, line_color=ACCENT))
    tool = BoxSelectTool(renderers=[])  # segments cannot be selected by a box: the code below does it
    figure.add_tools(tool)
    code = CustomJS(args={"lines": lines, "brushes": brushes, "count": count}, code=_BRUSH)
    for event in (SelectionGeometry, DoubleTap):
        figure.js_on_event(event, code)
