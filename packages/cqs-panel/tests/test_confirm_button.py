"""A button that asks before it acts."""

from __future__ import annotations

import panel as pn
import pytest

from cqs_panel import ConfirmButton


def shown(button):
    return list(pn.panel(button))


def test_only_a_click_on_the_question_acts_however_often_the_button_is_clicked():
    done = []
    button = ConfirmButton("Delete", "Delete this run?", lambda: done.append("deleted"), icon="delete")
    [first] = shown(button)
    for _ in range(3):  # of a browser that has not drawn the question yet
        first.clicks += 1
    assert done == []
    question, cancel = shown(button)
    assert question is not first
    assert [one.label for one in (first, question, cancel)] == ["Delete", "Delete this run?", "Cancel"]
    question.clicks += 1
    assert done == ["deleted"]
    assert shown(button) == [first]


def test_cancel_brings_the_button_back_and_does_nothing():
    done = []
    button = ConfirmButton("Delete", "Sure?", lambda: done.append("deleted"))
    [first] = shown(button)
    first.clicks += 1
    shown(button)[1].clicks += 1
    assert (shown(button), done) == ([first], [])


def test_the_button_is_back_even_where_the_work_is_refused():
    def refuse():
        raise ValueError("no")

    button = ConfirmButton("Delete", "Sure?", refuse)
    shown(button)[0].clicks += 1
    with pytest.raises(ValueError, match="no"):
        shown(button)[0].clicks += 1
    assert [one.label for one in shown(button)] == ["Delete"]
