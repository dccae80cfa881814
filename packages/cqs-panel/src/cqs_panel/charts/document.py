"""Charts in HTML that makes no request: Bokeh's script inside, colors by the reader's theme, print in black."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_panel.charts.appearance import COLORS, rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

# Canvases know no CSS: the script sets the colors that `Look` gives to charts of the other modes.
_THEME = """
(() => {
  const colors = COLORS, dark = matchMedia("(prefers-color-scheme: dark)")
  const set = (model, values) => model.setv(values)
  function paint(mode) {
    const {ink, text, ground} = colors[mode]
    for (const doc of Bokeh.documents) for (const m of doc.all_models) {
      if (m.type.endsWith("Figure"))
        set(m, {styles: {"background-color": ground}, background_fill_color: ground, border_fill_color: ground})
      else if (m.type.endsWith("Axis")) set(m, {major_label_text_color: ink, axis_label_text_color: ink})
      else if (m.type.endsWith("Grid")) set(m, {grid_line_color: text})
      else if (m.type.endsWith("Legend")) set(m, {label_text_color: ink})
      else if (m.type == "Text") set(m, {text_color: {value: text}})
    }
  }
  const fit = () => paint(dark.matches ? "dark" : "light")
  const print = () => {  // printing takes the canvases as they are and does not wait for a frame
    paint("print")
    const views = Object.values(Bokeh.index).flatMap((root) => [...root.owner.query(() => true)])
    for (const view of views) if (view.model.type == "GlyphRenderer") view.set_visuals()
    for (const view of views) if (view.model.type.endsWith("Figure")) view.paint()
  }
  dark.addEventListener("change", fit)
  addEventListener("beforeprint", print)
  addEventListener("afterprint", fit)
  const begin = () => Bokeh.documents.length ? fit() : setTimeout(begin, 20)
  begin()
})()
"""


@dataclass(frozen=True)
class Embedded:
    """Parts of an HTML page.

    Attributes:
        head: scripts for its `<head>`: all of Bokeh, about 1 MB.
        charts: a `<div>` for each chart, by name.
        script: a `<script>` for the end of its `<body>`.
    """

    head: str
    charts: Mapping[str, str]
    script: str


def embedded(charts: Mapping[str, Any], *, follow_theme: bool = True) -> Embedded:
    """Charts as parts of a page; their content is data, never HTML.

    Args:
        charts: HoloViews objects by name, made in the mode `light` where they follow the reader's theme.
        follow_theme: whether they turn dark where the reader's system is, and black on white when they are printed.
    """
    from bokeh.embed import components

    drawn = {name: rendered(chart) for name, chart in charts.items()}
    script, divs = components(drawn)
    if follow_theme:
        script += f"<script>{_THEME.replace('COLORS', json.dumps(COLORS))}</script>"
    return Embedded(f"<script>{_bokeh()}</script>", divs, script)


def _bokeh() -> str:
    """Bokeh's script; its own `Resources` would add what Panel asks of a server."""
    from bokeh.util.paths import bokehjs_path

    script: str = (bokehjs_path() / "js" / "bokeh.min.js").read_text("utf-8")
    return script


def chart_page(chart: Any, title: str = "Chart", *, ground: str = "#ffffff") -> str:
    """One chart as a page that needs nothing else."""
    parts = embedded({"chart": chart}, follow_theme=False)
    style = f"<style>html,body{{margin:0;background:{ground}}}</style>"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = f"<body>{parts.charts['chart']}{parts.script}</body>"
    return f'<!doctype html><html lang="en"><head>{head}{style}{parts.head}</head>{body}</html>\n'
