"""The barest page of panel-material-ui that does the same: what the dashboard is measured against.

`/` has a menu and two texts of which one is shown, `/chart` a line that asks its server for what is in view, `/ticks` a
point that moves.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

NAMES = ("One", "Two")
ROWS, POINTS = 240, 5_000_000


def page() -> pmui.Page:
    texts = [pn.pane.HTML(f"<p>{name}</p>", visible=name == NAMES[0], css_classes=[f"bare-{name}"]) for name in NAMES]
    menu = pmui.MenuList(items=[{"label": name} for name in NAMES])

    def clicked(item: dict[str, str]) -> None:
        for name, text in zip(NAMES, texts, strict=True):
            text.visible = name == item["label"]

    menu.on_click(clicked)
    return pmui.Page(title="bare", main=texts, sidebar=[menu])


def chart() -> pmui.Page:
    """A line of five million points, of which those in view are sent: asked for again with each change of the range."""
    values = np.cumsum(np.random.default_rng(1).normal(size=POINTS))
    source = ColumnDataSource(_between(values, POINTS - ROWS, POINTS))
    view = Range1d(POINTS - ROWS, POINTS)
    shown = figure(height=420, sizing_mode="stretch_width", x_range=view, tools="xwheel_zoom", active_scroll="auto")
    shown.line("at", "value", source=source)

    def moved(_attr: str, _old: float, _new: float) -> None:
        source.data = _between(values, view.start, view.end)

    view.on_change("start", moved)
    return pmui.Page(title="bare", main=[pn.pane.Bokeh(shown)])


def _between(values: Any, start: float, end: float) -> dict[str, Any]:
    """At most a thousand points."""
    low, high = max(0, int(start)), min(len(values), int(end))
    at = np.arange(low, high, max(1, (high - low) // 1000))
    return {"at": at.astype(float), "value": values[at]}


def ticks() -> pmui.Page:
    """A point that moves five times a second; its height is the time when it was sent, in ms."""
    source = ColumnDataSource({"at": [0.0], "value": [0.0]})
    shown = figure(height=420, sizing_mode="stretch_width")
    shown.scatter("at", "value", source=source)
    pn.state.add_periodic_callback(lambda: source.stream({"at": [0.0], "value": [1000 * time.time()]}, 1), 200)
    return pmui.Page(title="bare", main=[pn.pane.Bokeh(shown)])


@contextmanager
def served() -> Iterator[str]:
    """These pages, in a process of their own."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    server = pn.io.server.get_server({"/": page, "/chart": chart, "/ticks": ticks}, port=0)
    server.start()
    print(f"http://localhost:{server.port}/", flush=True)
    server.io_loop.start()
