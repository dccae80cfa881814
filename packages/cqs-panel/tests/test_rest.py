"""What can wait is called when the browser rests, in its order, while its view is shown."""

from __future__ import annotations

from types import SimpleNamespace

import panel as pn
import pytest
from bokeh.document import Document

from cqs_panel.shell.rest import Rest, Waiting


class Working:
    """A view's work, that calls at once."""

    def __init__(self, *, shown=True, idle=True):
        self.frame = SimpleNamespace(page=SimpleNamespace(shown=shown), idle=idle)

    def call(self, part):
        part()


@pytest.fixture
def asked():
    return []


@pytest.fixture
def rest(asked):
    return Rest(lambda pause, near: asked.append(near))


def test_nothing_is_asked_before_the_browser_is_there(rest, asked):
    rest.add(Waiting(Working(), lambda: None, None))
    assert asked == []
    rest.drawn()
    assert len(asked) == 1


def test_calls_come_one_at_a_time_in_their_order(rest, asked):
    called, work = [], Working()
    rest.drawn()
    for name in "abc":
        rest.add(Waiting(work, lambda name=name: called.append(name), None))
    assert (called, len(asked)) == ([], 1)
    for count in (1, 2, 3):
        rest.answered()
        assert called == list("abc"[:count])
    assert len(asked) == 3
    rest.answered()
    assert len(asked) == 3


def test_a_view_that_still_loads_is_not_asked_for_until_it_is_there(rest, asked):
    called, work = [], Working(idle=False)
    rest.drawn()
    rest.add(Waiting(work, lambda: called.append(1), None))
    assert asked == []
    work.frame.idle = True
    rest.go_on()
    assert len(asked) == 1
    rest.answered()
    assert called == [1]


def test_a_view_that_loads_again_before_the_answer_is_asked_for_later(rest, asked):
    called, work = [], Working()
    rest.drawn()
    rest.add(Waiting(work, lambda: called.append(1), None))
    work.frame.idle = False
    rest.answered()
    work.frame.idle = True
    rest.go_on()
    rest.answered()
    assert (called, len(asked)) == ([1], 2)


def test_what_belongs_to_a_hidden_view_waits_until_it_is_shown(rest, asked):
    called, hidden = [], Working(shown=False)
    rest.drawn()
    rest.add(Waiting(hidden, lambda: called.append("hidden"), None))
    assert asked == []
    rest.add(Waiting(Working(), lambda: called.append("shown"), None))
    rest.answered()
    assert called == ["shown"]
    hidden.frame.page.shown = True
    rest.go_on()
    rest.answered()
    assert called == ["shown", "hidden"]


def test_what_is_forgotten_is_not_called(rest, asked):
    called, work = [], Working()
    rest.drawn()
    rest.add(Waiting(work, lambda: called.append(1), None))
    rest.forget(work)
    rest.answered()
    assert (called, len(asked)) == ([], 1)


def test_the_browser_is_told_what_stands_in_the_place_of_a_part(rest, asked):
    held = pn.Column()
    model = held.get_root(Document())
    rest.drawn()
    rest.add(Waiting(Working(), lambda: None, held))
    assert asked == [model.id]


def test_a_part_whose_place_is_not_on_the_page_yet_lets_others_go_first(rest, asked):
    called, work, later, held = [], Working(), pn.Column(), pn.Column()
    held.get_root(Document())
    rest.drawn()
    rest.add(Waiting(work, lambda: called.append("in a part to come"), later))
    rest.add(Waiting(work, lambda: called.append("on the page"), held))
    rest.add(Waiting(work, lambda: called.append("without a place"), None))
    for _ in range(3):
        rest.answered()
    assert called == ["on the page", "without a place", "in a part to come"]
