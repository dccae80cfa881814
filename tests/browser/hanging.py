"""A plugin whose pages and card hang in every way, with less patience than users have."""

import asyncio
import threading
import time

import panel as pn

from cqs_core import hookimpl
from cqs_panel import Card, View, patience

patience.SECONDS = 2.0


def _spins(_):
    while True:
        pass


def _sleeps(_):
    time.sleep(600)


def _waits(_):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def _catches(_):
    while True:
        try:
            time.sleep(600)
        except Exception:  # noqa: BLE001 - what careless code does
            continue


def _awaits(page):
    async def update():
        await asyncio.sleep(600)

    page.every(1, update)
    return pn.pane.Markdown("Its update never ends")


def _blocks(page):
    async def update():
        time.sleep(600)  # noqa: ASYNC251 - as above

    page.every(1, update)
    return pn.pane.Markdown("Its update stops the loop")


def _loads(page):
    for _ in range(10):  # more than there are threads
        page.load(lambda: time.sleep(600), lambda _: None)
    page.load(lambda: time.sleep(600), print)
    for number in range(9):
        page.load(lambda: time.sleep(600), [number].append)
    return pn.pane.Markdown("Its loads never end")


def _calm(page):
    shown = pn.pane.Markdown("Nothing yet")
    page.every(0.2, lambda: page.load(time.monotonic, lambda now: shown.param.update(object=f"Alive at {now:.1f}")))
    return shown


HANGING = {
    "spins": _spins,
    "sleeps": _sleeps,
    "waits": _waits,
    "catches": _catches,
    "awaits": _awaits,
    "blocks": _blocks,
}


@hookimpl
def register_views():
    views = {**HANGING, "loads": _loads, "calm": _calm}
    return [View(slug=name, title=name.title(), icon="bolt", order=60, build=build) for name, build in views.items()]


@hookimpl
def register_cards():
    return [
        Card(name="hanging.card", title="Hangs", order=1, build=_sleeps),
        Card(name="hanging.good", title="Good", order=2, build=lambda _: pn.pane.Markdown("A good card")),
        Card(name="hanging.refresh", title="Refreshes", order=3, build=_blocks),
    ]
