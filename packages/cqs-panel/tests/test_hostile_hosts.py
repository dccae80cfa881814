"""Which names the dashboard may be asked by."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_panel.guard import hosts, locations
from cqs_panel.guard.hosts import permitted


@pytest.mark.parametrize("module", [hosts, locations])
def test_examples_are_true(module):
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "localhost.:5006", "127.0.0.1:5006", "127.8.9.1", "[::1]", "[::1]:5006"]
)
def test_names_of_this_machine_may_ask_at_any_port(host):
    assert permitted(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5006",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:localhost",
        "evil@localhost",
        "localhost@evil.example",
        "localhost:5006@evil.example",
        "localhost, evil.example",
        "evil.example#localhost",
        "0.0.0.0:5006",
        "[::]:5006",
        "[::ffff:8.8.8.8]",
        "192.168.0.7:5006",
        "127.0.0.1:999999",
        "2130706433",
        "",
        ":5006",
        "[::1",
        "::1",
        "\n",
        "local\x00host",
    ],
)
def test_hostile_names_may_not(host):
    assert not permitted(host)


@pytest.mark.parametrize(
    ("host", "allowed", "may"),
    [
        ("dash.example", "dash.example", True),
        ("Dash.Example:8443", "dash.example", True),
        ("dash.example", "dash.example:443", True),
        ("dash.example:80", "dash.example:80", True),
        ("dash.example:8443", "dash.example:443", False),
        ("evil.dash.example", "dash.example", False),
        ("dash.example.evil", "dash.example", False),
        ("evil.example", "*", False),
        ("evil.example", "*.example", False),
        ("evil.example", "", False),
    ],
)
def test_a_name_that_the_user_gave_may_ask_and_a_wildcard_permits_nobody(host, allowed, may):
    assert permitted(host, [allowed]) is may


def test_its_own_address_counts_only_where_the_user_lets_others_in():
    assert permitted("192.168.0.7:5006", own="192.168.0.7")
    assert not permitted("evil.example:5006", own="192.168.0.7")


@pytest.mark.parametrize(("said", "lets"), [("1", True), ("true", True), ("0", False), ("", False), ("no", False)])
def test_the_environment_lets_others_in_only_where_it_says_so(said, lets, monkeypatch):
    monkeypatch.setenv(hosts.INSECURE, said)
    assert hosts.insecure() is lets


@given(st.text())
def test_hostile_text_never_raises_and_never_passes(host):
    assert not permitted(host) or "localhost" in host.lower() or "127." in host or "::1" in host
