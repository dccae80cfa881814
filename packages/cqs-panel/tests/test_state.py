"""A view's part of the address."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_panel.location import parse, search
from cqs_panel.shell import services
from cqs_panel.shell.work import Work
from cqs_panel.state import PageState


class Listening:
    """A shell that notes what is asked of it."""

    def __init__(self):
        self.written, self.gone = [], []

    def address(self, page):
        self.written.append(dict(page.query))

    def goto(self, slug, query):
        self.gone.append((slug, query))


@pytest.fixture
def shell():
    return Listening()


def test_remembering_writes_text_and_none_removes(shell):
    page = PageState(shell, "data", {"market": "BTC/KRW"})
    page.remember(interval="1d", rows=20)
    page.remember(market=None)
    assert page.query == {"interval": "1d", "rows": "20"}
    assert shell.written == [{"market": "BTC/KRW", "interval": "1d", "rows": "20"}, {"interval": "1d", "rows": "20"}]


def test_remembering_what_is_known_writes_nothing(shell):
    PageState(shell, "data", {"market": "BTC/KRW"}).remember(market="BTC/KRW", other="")
    assert shell.written == []


def test_going_somewhere_leaves_out_what_is_none(shell):
    PageState(shell, "data").goto("backtest", run=7, symbol=None)
    assert shell.gone == [("backtest", {"run": "7"})]


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name != "view"), st.text(min_size=1)))
def test_every_query_survives_the_address(query):
    assert parse(search("data", query)) == ("data", query)


def test_a_session_that_ends_calls_what_was_asked_for_and_one_that_fails_leaves_the_others():
    called, failed = [], []

    class Frame:
        def fail(self, where, error):
            failed.append((where, str(error)))

    def breaks():
        raise ValueError("a fault")

    work = Work(Frame(), None)
    for call in (breaks, lambda: called.append("given back")):
        work.at_end(call)
    work.stop()
    assert called == ["given back"]
    assert failed == [("end", "a fault")]


class Session(services.Services):
    """What starts jobs; `tell` is what the shell calls when the page can show them."""

    def __init__(self):
        self.ended = set()
        self.bucket = SimpleNamespace(url="bucket")
        self.dock = SimpleNamespace(update=lambda *, now: None, announced=self.ended.__contains__)

    def soon(self, call):
        self.tell = call


def test_a_second_click_that_a_busy_server_hears_late_starts_no_second_job(monkeypatch):
    ids, clock = count(), SimpleNamespace(monotonic=lambda: clock.now, now=0.0)
    monkeypatch.setattr(services.jobs, "start", lambda title, arguments: next(ids))
    monkeypatch.setattr(services, "time", clock)
    session = Session()
    assert session.start("Plugins", ["plugins"]) == 0
    clock.now = 20.0  # the server had other things to do; the page does not show the first job yet
    assert session.start("Plugins", ["plugins"]) == 0
    session.tell()
    assert session.start("Plugins", ["plugins"]) == 0
    assert session.start("Plugins", ["plugins", "--all"]) == 1
    session.tell()
    clock.now += 1.0
    assert session.start("Plugins", ["plugins", "--all"]) == 2
    session.tell()
    session.ended.add(2)  # a click after it was told to have ended is no double click: nobody would tell it again
    assert session.start("Plugins", ["plugins", "--all"]) == 3
