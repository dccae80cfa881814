"""What all windows ask for is evaluated once, and what a user has done is seen at once."""

from __future__ import annotations

import pytest

from cqs_monitor.alerts import current
from cqs_monitor.alerts.acknowledgements import acknowledge, withdraw
from cqs_monitor.alerts.current import recent_alerts

RULES = '[[rule]]\nname = "silent"\nkind = "heartbeat"\nover = "7m"\ncooldown = "0s"\n'


@pytest.fixture
def clock(monkeypatch):
    """The time, ms UTC; a test moves it."""
    moment = [current.now()]
    monkeypatch.setattr(current, "now", lambda: moment[0])
    return moment


def test_windows_share_an_evaluation_until_something_changes(bucket, rules, beat, clock):
    rules(RULES)
    beat(3600)
    first = recent_alerts(bucket)
    assert recent_alerts(bucket) is first
    acknowledge(bucket, "silent", "", "ann")
    assert (len(first.open), recent_alerts(bucket).open) == (1, [])
    withdraw(bucket, "silent", "")
    assert len(recent_alerts(bucket).open) == 1
    rules(RULES.replace("7m", "3h"))
    assert recent_alerts(bucket).open == []
    rules(RULES)
    beat(0)
    assert recent_alerts(bucket).open == []
    known = recent_alerts(bucket)
    clock[0] += 5_000
    assert recent_alerts(bucket) is not known
