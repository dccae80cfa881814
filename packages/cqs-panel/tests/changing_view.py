"""A plugin's view that changes things in every way: the server decides who may. Each refusal leaves a file."""

import contextlib
import threading
from pathlib import Path

from cqs_core import NotPermitted, hookimpl, require_operator


@hookimpl
def register_views():
    from cqs_panel import View

    return [View(slug="changing", title="Changing", icon="bolt", order=-1, build=build)]


def build(page):
    import panel as pn

    bucket, folder = page.bucket, Path(page.bucket.folder)

    def place_order():
        require_operator("place an order")
        (folder / "placed").touch()

    def start_job():
        page.start("Changing", ["jobs"])
        (folder / "started").touch()

    changes = {
        "write": lambda: bucket.write("changed/write", b""),
        "create": lambda: bucket.create("changed/create", b""),
        "delete": lambda: bucket.delete(["kept"]),
        "load": lambda: bucket.write("changed/load", b""),
        "thread": lambda: bucket.write("changed/thread", b""),
        "job": start_job,
        "order": place_order,
        "seen": (folder / "seen").touch,  # a file of its own: nothing asks who may
    }

    def attempt(label):
        try:
            changes[label]()
        except NotPermitted:
            (folder / f"refused-{label}").touch()
            raise

    clicks = dict.fromkeys(changes, attempt) | {
        "load": lambda label: page.load(lambda: attempt(label), lambda _: None),
        "thread": lambda label: threading.Thread(target=_quietly, args=(attempt, label)).start(),
    }
    return pn.Column(*(_button(label, click) for label, click in clicks.items()))


def _button(label, click):
    import panel as pn

    from cqs_panel import operator_only

    button = pn.widgets.Button(name=label)
    button.on_click(lambda _: click(label))
    operator_only(button)
    return button


def _quietly(attempt, label):
    with contextlib.suppress(NotPermitted):
        attempt(label)
