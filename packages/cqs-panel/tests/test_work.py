"""Work in threads comes back to its session."""

from __future__ import annotations

import asyncio
import threading

import pytest
from bokeh.document import Document

from cqs_core import Bucket
from cqs_core.testing.waiting import until
from cqs_panel.shell.presence import Presence
from cqs_panel.shell.work import Work


class Noting(Document):
    """Notes which threads add callbacks."""

    def __init__(self):
        super().__init__()
        self.threads = []

    def add_next_tick_callback(self, callback):
        self.threads.append(threading.current_thread())
        return super().add_next_tick_callback(callback)


def load(document, _folder):
    go_on = threading.Event()
    Work(None, document).load(go_on.wait, print, quiet=True)
    go_on.set()


def look(document, folder):
    Presence(lambda: Bucket(str(folder)), document, print)._look()


@pytest.mark.parametrize(("start", "callbacks"), [(load, 1), (look, 2)])
async def test_no_thread_adds_a_callback_to_a_document(start, callbacks, tmp_path):
    """Bokeh loses one that is added while the server's loop ends a hold; then the page would load for good."""
    document = Noting()
    start(document, tmp_path)
    await asyncio.to_thread(until, lambda: len(document.threads) >= callbacks)
    assert set(document.threads) == {threading.current_thread()}
