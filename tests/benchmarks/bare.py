"""The barest page of panel-material-ui that does the same: what the dashboard is measured against.

`/` has a menu and two texts of which one is shown. `/chart` has candles that are sent anew with each zoom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

NAMES = ("One", "Two")
ROWS = 240


def page() -> pmui.Page:
    texts = [pn.pane.HTML(f"<p>{name}</p>", visible=name == NAMES[0], css_classes=[f"bare-{name}"]) for name in NAMES]
    menu = pmui.MenuList(items=[{"label": name} for name in NAMES])

    def clicked(item: dict[str, str]) -> None:
        for name, text in zip(NAMES, texts, strict=True):
            text.visible = name == item["label"]

    menu.on_click(clicked)
    return pmui.Page(title="bare", main=texts, sidebar=[menu])


def chart() -> pmui.Page:
    source = ColumnDataSource(_candles())
    shown = figure(
        height=420, sizing_mode="stretch_width", x_range=Range1d(0, ROWS), tools="xwheel_zoom", active_scroll="auto"
    )
    shown.segment("at", "high", "at", "low", source=source)
    shown.rect("at", "middle", 0.7, "body", source=source)

    def moved(_attr: str, _old: float, _new: float) -> None:
        source.data = _candles()

    shown.x_range.on_change("end", moved)
    return pmui.Page(title="bare", main=[pn.pane.Bokeh(shown)])


def _candles() -> dict[str, Any]:
    at = np.arange(ROWS, dtype=float)
    middle = 100 + 10 * np.sin(at / 9)
    return {"at": at, "middle": middle, "body": np.full(ROWS, 2.0), "high": middle + 2, "low": middle - 2}


if __name__ == "__main__":
    server = pn.io.server.get_server({"/": page, "/chart": chart}, port=0)
    server.start()
    print(f"http://localhost:{server.port}/", flush=True)
    server.io_loop.start()
