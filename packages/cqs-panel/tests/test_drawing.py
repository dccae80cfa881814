"""A page may be changed before the browser asks for it, and when it is drawn; not in between."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import panel as pn
import param
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from cqs_panel import Component, drawing
from cqs_panel.shell import dock
from cqs_panel.shell.work import Timer


@pytest.fixture
def document():
    """Of a session whose page was asked for; its scripts are still loading."""
    made = Document()
    request = SimpleNamespace(arguments={}, headers={}, cookies={})
    made._session_context = lambda: SimpleNamespace(id="session", session=None, request=request, _document=made)
    with set_curdoc(made):
        yield made


def drawn(document):
    """The browser says that all is there."""
    pn.state._schedule_on_load(document, None)


def test_a_page_that_nobody_has_read_may_be_changed(document):
    assert not pn.state.loaded
    drawing.begin(document)
    assert drawing.unread(document)
    assert pn.state.loaded
    drawing.read(document)
    assert not drawing.unread(document)
    assert not pn.state.loaded
    drawn(document)
    assert pn.state.loaded


def test_a_page_that_is_read_again_stays_drawn(document):
    drawing.begin(document)
    drawing.read(document)
    drawn(document)
    drawing.read(document)
    assert pn.state.loaded


def test_the_seconds_of_a_line_count_from_when_the_page_is_drawn(document, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: clock.now, time=lambda: 0.0, now=0.0)
    monkeypatch.setattr(dock, "time", clock)
    drawing.begin(document)
    docked = dock.Dock(lambda: "bucket", [], lambda *_: None, lambda *_: None)
    docked.say("There is no such account")
    drawing.read(document)
    clock.now = 60.0
    docked.update()
    assert len(docked.__panel__()) == 1
    drawn(document)
    clock.now += 11.0
    docked.update()
    assert len(docked.__panel__()) == 1
    clock.now += 2.0
    docked.update()
    assert len(docked.__panel__()) == 0


def test_messages_wait_until_the_page_is_drawn(document):
    sent = []
    drawing.begin(document)
    drawing.when_drawn(lambda: sent.append("early"))
    drawing.read(document)
    drawing.when_drawn(lambda: sent.append("while it is drawn"))
    assert sent == []
    drawn(document)
    drawing.when_drawn(lambda: sent.append("late"))
    assert sent == ["early", "while it is drawn", "late"]


def test_a_page_that_no_browser_reads_is_not_kept():
    """Health checks and link previews ask for pages, and never for the document."""
    document = Document()
    known = weakref.ref(document)
    with set_curdoc(document):
        drawing.begin(document)
        drawing.when_drawn(lambda document=document: document)
    drawing.forget(document)
    del document
    gc.collect()
    assert known() is None


class Bell(Component):
    rings = param.Integer(default=0)
    _esm = "export function render({model}) {}"


def test_the_browser_runs_a_component_as_it_is():
    one, other = Bell().get_root(Document()), Bell().get_root(Document())
    assert one.esm == Bell._esm
    assert one.bundle == other.bundle  # what it keeps the code under: without it, it would translate the code
    assert one.bundle.startswith("Bell-")


def test_a_timer_that_is_due_while_the_page_is_drawn_calls_after_that_once(document):
    called = []
    timer = Timer(document, lambda: called.append(1), 1_000)
    drawing.begin(document)
    drawing.read(document)
    timer._again()
    timer._again()
    assert called == []
    drawn(document)
    for callback in list(document.session_callbacks):
        callback.callback()
    assert called == [1]
