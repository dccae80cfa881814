"""A plugin whose pages end the process, in every place where they are called; and whose pages are none."""

import panel as pn

from cqs_core import hookimpl
from cqs_panel import Card, View


def _build(page):
    raise SystemExit("built by nobody")


def _clicked(page):
    button = pn.widgets.Button(name="Leave")

    def leave(_):
        raise SystemExit("clicked by somebody")

    def later(_):
        pn.state.curdoc.add_next_tick_callback(lambda: leave(None))

    button.on_click(leave)
    after = pn.widgets.Button(name="Leave later")
    after.on_click(later)
    return pn.Row(button, after)


def _load(page):
    def work():
        raise KeyboardInterrupt("typed by nobody")

    page.load(work, lambda _: None)
    return pn.pane.Markdown("Loading ends the process")


def _tick(page):
    async def update():
        raise SystemExit("ticked by nobody")

    page.every(0.2, update)
    return pn.pane.Markdown("Ticking ends the process")


class Unshown(pn.viewable.Viewer):
    def __panel__(self):
        raise SystemExit("shown by nobody")


class Undrawn(pn.pane.Markdown):
    def _get_model(self, *_, **__):
        raise SystemExit("drawn by nobody")


class Nameless:
    slug = "nameless"


@hookimpl
def register_views():
    return [
        View(slug="first", title="First of all", icon="bolt", order=-5, build=_build),
        View(slug="clicked", title="Clicked", icon="bolt", order=51, build=_clicked),
        View(slug="loading", title="Loading", icon="bolt", order=52, build=_load),
        View(slug="ticking", title="Ticking", icon="bolt", order=53, build=_tick),
        View(slug="unshown", title="Unshown", icon="bolt", order=54, build=lambda _: Unshown()),
        View(slug="undrawn", title="Undrawn", icon="bolt", order=55, build=lambda _: Undrawn("x")),
        View(slug="overview", title="Mine", icon="bolt", order=1, build=_build),
        Nameless(),
    ]


@hookimpl
def register_cards():
    return [
        Card(name="hostile.card", title="Ends", order=1, build=_build),
        Card(name="hostile.good", title="Good", order=2, build=lambda _: pn.pane.Markdown("A good card")),
        Nameless(),
    ]


@hookimpl
def register_overlays():
    return [Nameless()]
