"""The Plugins page lists what is installed, what it gives, and what failed."""

from __future__ import annotations

from collections import Counter

import panel as pn
import pytest

from cqs_core import PluginProblem, plugins
from cqs_panel.pages import plugins as page_of_plugins
from cqs_panel.shell.dashboard import Dashboard
from cqs_panel.state import PageState


@pytest.fixture
def texts(own_folders, monkeypatch):
    """`texts()`: what the page's sections say, as HTML, in their order."""
    monkeypatch.setenv("CQS_BUCKET", str(own_folders))
    monkeypatch.setattr(plugins(), "problems", [])  # other tests of this process leave theirs
    monkeypatch.setattr(plugins(), "unlisted", Counter())
    shell = Dashboard()

    def make():
        page = PageState(shell, "plugins", {})
        return ["".join(pane.object for pane in part.select(pn.pane.HTML)) for part in page_of_plugins.build(page)]

    yield make
    shell.close()


def test_every_plugin_is_listed_with_its_state(texts):
    installed, problems, _ = texts()
    for one in plugins().describe():
        for text in (one["name"], one["version"], one["state"]):
            assert f">{text}<" in installed
    assert "Every plugin works" in problems


def test_a_problem_is_listed_under_problems(texts, monkeypatch):
    fault = PluginProblem("mine", "register_views", "a fault of its own")
    monkeypatch.setattr(plugins(), "problems", [fault])
    installed, problems, _ = texts()
    assert "a fault of its own" in problems
    assert "a fault of its own" not in installed


def test_a_problem_has_its_traceback_and_says_how_to_go_on_without_the_plugin(texts, monkeypatch):
    host = plugins()
    monkeypatch.setattr(host, "problems", [])
    with pytest.raises(ValueError, match="secret") as raised:
        int("<b>gs://me:secret@bucket</b>")
    host.report("mine", "register_views", raised.value)
    _, problems, _ = texts()
    assert "<pre" in problems
    assert "in test_a_problem_has_its_traceback" in problems
    assert "CQS_DISABLE=mine" in problems
    assert "me:secret@" not in problems
    assert "<b>gs" not in problems


def test_problems_that_are_only_counted_are_said(texts):
    for number in range(60):
        plugins().report("noisy", "register_views", ValueError(f"at {number}"))
    _, problems, _ = texts()
    assert "at 49<" in problems
    assert "at 50" not in problems
    assert "Other problems, not listed: 10" in problems
