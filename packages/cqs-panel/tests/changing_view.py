"""A plugin's view that changes things in every way: the server decides who may."""

import contextlib
import threading
from pathlib import Path

from cqs_core import hookimpl, require_operator


@hookimpl
def register_views():
    from cqs_panel import View

    return [View(slug="changing", title="Changing", icon="bolt", order=-1, build=build)]


def build(page):
    import panel as pn

    placed = Path(page.bucket.folder, "placed")

    def place_order():
        require_operator("place an order")
        placed.touch()

    def start_job():
        page.start("Changing", ["jobs"])
        Path(page.bucket.folder, "started").touch()

    calls = {
        "write": lambda: page.bucket.write("changed/write", b""),
        "create": lambda: page.bucket.create("changed/create", b""),
        "delete": lambda: page.bucket.delete(["kept"]),
        "load": lambda: page.load(lambda: page.bucket.write("changed/load", b""), lambda _: None),
        "thread": lambda: threading.Thread(target=_quietly(lambda: page.bucket.write("changed/thread", b""))).start(),
        "job": start_job,
        "order": place_order,
        "seen": lambda: Path(page.bucket.folder, "seen").touch(),  # a file of its own: nothing asks who may
    }
    return pn.Column(*(_button(name, call) for name, call in calls.items()))


def _button(name, call):
    import panel as pn

    from cqs_panel import operator_only

    button = pn.widgets.Button(name=name)
    button.on_click(lambda _: call())
    operator_only(button)
    return button


def _quietly(call):
    def run():
        with contextlib.suppress(Exception):  # the test looks at what was written
            call()

    return run
