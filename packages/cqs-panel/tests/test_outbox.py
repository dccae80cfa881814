"""What a session writes leaves in one order; what the browser cannot use is left out."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import Column, ColumnDataSource, Div
from bokeh.protocol import Protocol

from cqs_panel.shell.outbox import Outbox, _deliverable, _message


@pytest.fixture
def page():
    """A document that a browser has, whose changes are collected."""
    document, root, source = Document(), Column(), ColumnDataSource({"x": [1]})
    document.add_root(root)
    document.add_root(source)
    document.models.flush_synced()
    document.hold("collect")
    return document, root, source


def kinds(document):
    return [event.kind for event in _deliverable(document, document.callbacks._held_events)]


def test_a_model_that_is_new_is_written_with_what_brings_it(page):
    document, root, _ = page
    text = Div(text="before")
    root.children = [text]
    text.text = "after"
    assert kinds(document) == ["ModelChanged"]


def test_a_model_that_is_gone_is_not_written_to(page):
    document, root, source = page
    source.data = {"x": [2]}
    document.remove_root(source)
    root.margin = 1
    assert kinds(document) == ["RootRemoved", "ModelChanged"]


def test_rows_streamed_into_data_that_is_sent_with_them_are_not_sent_twice(page):
    document, _, source = page
    source.stream({"x": [2]})
    source.data = {"x": [3]}
    source.stream({"x": [4]})
    assert kinds(document) == ["ColumnsStreamed", "ColumnDataChanged"]


class Socket:
    """Writes slowly, as a busy network does."""

    def __init__(self):
        self.ws_connection, self.written = self, []

    def is_closing(self):
        return False

    async def send_message(self, message):
        await asyncio.sleep(0.01)
        self.written.append(message)


def test_short_arrays_are_part_of_the_message_and_long_ones_follow_it(page):
    document, _, source = page
    copy = Document.from_json(document.to_json(deferred=False))
    source.data = {"x": np.zeros(2_000, "u1"), "y": np.zeros(2_000)}
    message = _message(document, document.callbacks._held_events)
    assert [len(one.to_bytes()) for one in message.buffers] == [16_000]
    whole = Protocol().assemble(message.header_json, message.metadata_json, message.content_json)
    whole._buffers = message.buffers
    whole.apply_to_document(copy)
    assert {name: len(values) for name, values in copy.roots[1].data.items()} == {"x": 2_000, "y": 2_000}


class ConnectionWatch:
    def __init__(self):
        self.protocol, self._socket = Protocol(), Socket()


class Session:
    """As much of a session as an outbox uses."""

    def __init__(self):
        self._subscribed_connections = {ConnectionWatch()}

    def _document_patched(self, event):
        raise AssertionError("Bokeh would send this by itself")


async def test_layouts_and_plain_models_leave_in_the_order_in_which_they_were_written(page):
    document, root, _ = page
    session = Session()
    outbox = Outbox(session)
    (connection,) = session._subscribed_connections
    text = Div(text="0")
    root.children = [text]
    outbox.add(document, document.callbacks._held_events)  # as Panel writes a layout
    document.unhold()
    document.callbacks.on_change_dispatch_to(session)
    for n in range(1, 4):
        text.text = str(n)  # as a view writes a model of Bokeh
    await outbox._sending
    written = [message.content["events"][0] for message in connection._socket.written]
    assert [event["attr"] for event in written] == ["children", "text", "text", "text"]
    assert [event["new"] for event in written[1:]] == ["1", "2", "3"]
