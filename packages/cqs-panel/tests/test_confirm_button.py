"""A button that asks before it acts."""

from __future__ import annotations

import panel as pn
import pytest

from cqs_panel import ConfirmButton


def shown(button):
    return pn.panel(button)[0]


def test_only_a_click_on_the_question_acts_however_often_the_button_is_clicked():
    done = []
    button = ConfirmButton("Delete", "Delete this run?", lambda: done.append("deleted"), icon="delete")
    first = shown(button)
    for _ in range(3):  # of a browser that has not drawn the question yet
        first.clicks += 1
    assert done == []
    question = shown(button)
    assert question is not first
    assert (first.label, question.label) == ("Delete", "Delete this run?")
    question.clicks += 1
    assert done == ["deleted"]
    assert shown(button) is first


def test_the_button_is_back_even_where_the_work_is_refused():
    def refuse():
        raise ValueError("no")

    button = ConfirmButton("Delete", "Sure?", refuse)
    shown(button).clicks += 1
    with pytest.raises(ValueError, match="no"):
        shown(button).clicks += 1
    assert shown(button).label == "Delete"
