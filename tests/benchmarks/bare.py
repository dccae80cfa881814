"""The barest page of panel-material-ui: a menu, and texts of which one is shown: what is measured against."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui

NAMES = ("One", "Two")


def page() -> pmui.Page:
    texts = [pn.pane.HTML(f"<p>{name}</p>", visible=name == NAMES[0], css_classes=[f"bare-{name}"]) for name in NAMES]
    menu = pmui.MenuList(items=[{"label": name} for name in NAMES])

    def clicked(item: dict[str, str]) -> None:
        for name, text in zip(NAMES, texts, strict=True):
            text.visible = name == item["label"]

    menu.on_click(clicked)
    return pmui.Page(title="bare", main=texts, sidebar=[menu])


if __name__ == "__main__":
    server = pn.io.server.get_server(page, port=0)
    server.start()
    print(f"http://localhost:{server.port}/", flush=True)
    server.io_loop.start()
