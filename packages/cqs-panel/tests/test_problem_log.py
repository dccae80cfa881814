"""Problems of plugins on the terminal: a line for each, once, and where it was raised with `--verbose`."""

from __future__ import annotations

import logging

import pytest

from cqs_core import plugins
from cqs_panel.problem_log import log_problems


@pytest.fixture
def host(monkeypatch):
    found = plugins()
    monkeypatch.setattr(found, "problems", [])
    monkeypatch.setattr(found, "on_problem", lambda _: None)
    return found


def _fail(host, card):
    try:
        int("a secret of gs://me:word@bucket")
    except ValueError as error:
        host.report("mine", f"card {card}: build", error)


def test_a_problem_is_logged_once_with_its_plugin_and_where_it_was_raised(host, caplog):
    caplog.set_level(logging.DEBUG, "cqs.panel")
    _fail(host, "mine.early")
    log_problems()
    _fail(host, "mine.late")
    _fail(host, "mine.late")
    lines = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    start = ["plugin 'mine' failed, card mine.early: build: ", "plugin 'mine' failed, card mine.late: build: "]
    assert [line.partition("ValueError")[0] for line in lines] == start
    traceback = [one.getMessage() for one in caplog.records if one.levelno == logging.DEBUG]
    assert any("in _fail" in line for line in traceback)
    assert "me:word" not in caplog.text
