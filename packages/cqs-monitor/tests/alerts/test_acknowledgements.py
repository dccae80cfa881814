"""Acknowledged alerts are neither counted nor sent again, until they recover."""

from __future__ import annotations

import json

import pytest

from cqs_core import NotPermitted, permission
from cqs_core.testing.command import cqs, cqs_json
from cqs_core.time.intervals import DAY
from cqs_monitor.alerts.acknowledgements import FOLDER, Acknowledgement, acknowledge, acknowledged, withdraw
from cqs_monitor.alerts.current import current_alerts
from cqs_monitor.alerts.state import remembered

RULES = '[[rule]]\nname = "silent"\nkind = "heartbeat"\nover = "7m"\ncooldown = "0s"\n'


def test_an_acknowledged_alert_is_not_counted_until_it_fires_anew(bucket, rules, beat):
    rules(RULES)
    beat(3600)
    assert [alert.rule.name for alert in current_alerts(bucket).open] == ["silent"]
    acknowledge(bucket, "silent", "", "ann")
    found = current_alerts(bucket)
    assert not found.open
    assert found.alerts[0].state == "firing"
    assert found.alerts[0].json()["acknowledged"]["by"] == "ann"
    withdraw(bucket, "silent", "")
    assert len(current_alerts(bucket).open) == 1


def test_an_acknowledgement_is_about_the_violation_that_there_was():
    known = Acknowledgement("silent", "", 1_000)
    assert known.covers(900, 2_000)
    assert not known.covers(1_001, 2_000)
    assert known.covers(None, 1_000 + DAY - 1)
    assert not known.covers(None, 1_000 + DAY)


def test_the_watcher_sends_what_is_acknowledged_only_once_it_fires_anew(bucket, rules, beat, hook, watcher):
    rules(RULES)
    beat(3600)
    acknowledge(bucket, "silent", "")
    assert watcher.round()
    assert hook.titles == []
    beat(1)
    assert watcher.round()
    assert not acknowledged(bucket)  # it is over
    beat(3600)
    assert watcher.round()
    assert hook.titles == ["[warning] silent"]


def test_a_channel_that_failed_is_not_tried_again_for_an_acknowledged_alert(bucket, rules, beat, hook, watcher):
    rules(RULES)
    beat(3600)
    hook.status = 500
    watcher.round()
    hook.status = 200
    watcher._memory.sent["silent\n"].again = 0
    acknowledge(bucket, "silent", "")
    watcher.round()
    assert hook.titles == []
    withdraw(bucket, "silent", "")
    watcher.round()
    assert hook.titles == ["[warning] silent"]
    assert remembered(bucket).sent["silent\n"].channels == {"hook": "sent"}


def test_an_acknowledgement_of_a_rule_that_is_gone_is_removed(bucket, rules, beat, watcher):
    rules(RULES)
    beat(1)
    acknowledge(bucket, "another", "Main")
    watcher.round()
    assert not acknowledged(bucket)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": 1, "rule": "silent"}', b"\xff"])
def test_a_damaged_acknowledgement_is_none(bucket, put, data):
    put(f"{FOLDER}/x.json", data)
    assert not acknowledged(bucket)


def test_alerts_are_acknowledged_by_command(folder, bucket, rules, beat):
    rules(RULES)
    beat(3600)
    assert "firing: 'silent'" in cqs("monitor", "alerts", "ack", "other", "--bucket", folder, code=2).stderr
    cqs("monitor", "alerts", "ack", "silent", "--bucket", folder)
    (alert,) = cqs_json("monitor", "alerts", "--bucket", folder)
    assert (alert["state"], bool(alert["acknowledged"])) == ("firing", True)
    assert "firing, acknowledged" in cqs("monitor", "alerts", "--bucket", folder).stdout
    cqs("monitor", "alerts", "ack", "silent", "--undo", "--bucket", folder)
    assert json.loads(cqs("monitor", "alerts", "--bucket", folder, "--json").stdout)[0]["acknowledged"] is None


def test_a_viewer_may_not_acknowledge(bucket, monkeypatch):
    monkeypatch.setattr(permission, "_refusals", [lambda action: f"a viewer may not {action}"])
    for change in (acknowledge, withdraw):
        with pytest.raises(NotPermitted, match="a viewer may not acknowledge alerts"):
            change(bucket, "silent", "")
    assert not acknowledged(bucket)
