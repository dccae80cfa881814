"""The address is written before the page that it names is shown, and says after which move of the user."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from cqs_panel.shell.chrome import Chrome
from cqs_panel.shell.dashboard import Dashboard


@pytest.fixture
def shell(own_folders, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(own_folders))
    shell = Dashboard()
    yield shell
    shell.close()


@pytest.fixture
def sent(shell, monkeypatch):
    """What the browser is told."""
    heard = []
    monkeypatch.setattr(type(shell.bridge), "_send_msg", lambda _, said: heard.append(said))
    return heard


def test_a_view_has_its_entry_in_the_history_before_it_writes_to_it(shell, sent):
    shell.goto("jobs", {})
    page = shell._frames["jobs"].page
    page.param.watch(lambda event: page.remember(shown=event.new["job"]) if "job" in event.new else None, "query")
    sent.clear()
    shell.goto("jobs", {"job": "7"})
    written = [(said["search"], said["push"]) for said in sent]
    assert written[0] == ("?view=jobs&job=7", True)
    assert {push for _, push in written[1:]} == {False}
    assert written[-1][0] == "?view=jobs&job=7&shown=7"


def test_what_is_written_says_which_move_of_the_user_it_follows(shell, sent):
    shell.goto("jobs", {})
    shell._follow({"search": "?view=plugins", "moves": 3})
    shell.goto("jobs", {})
    assert [said["moves"] for said in sent if "search" in said] == [0, 3]
    assert all(re.match(r"\?view=jobs", said["search"]) for said in sent if "search" in said)


def test_a_drawer_that_a_phone_has_opened_stays_open():
    """The size of the window may be told after it was opened."""
    chrome = Chrome.__new__(Chrome)
    for served, left in ((True, True), (False, False)):
        chrome._narrow, chrome.page = served, SimpleNamespace(sidebar_open=True)
        chrome.fit(420)
        assert chrome.page.sidebar_open is left
