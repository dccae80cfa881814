"""What the watcher keeps: of an earlier version it is read, of a newer one it is refused."""

from __future__ import annotations

import json

import pytest

from cqs_core.files import NewerFormat, format_fields
from cqs_monitor.alerts.lease import FOLDER, Lease, newest
from cqs_monitor.alerts.state import HISTORY, SentAlert, history, record
from cqs_monitor.alerts.watcher import Watcher

NOVEMBER = 1_793_577_600_000
ALERT = SentAlert("[critical] silent", "heartbeat is old", NOVEMBER - 1000, NOVEMBER, "silent", "", "critical")
NEWER = "of format 2, written by .*; this version reads 1: upgrade cqs-monitor"


def test_a_lease_of_before_the_upgrade_counts_and_one_of_a_newer_version_is_refused(bucket):
    Lease(bucket, holder="me").keep()
    [entry] = bucket.list(FOLDER)
    about = json.loads(bucket.read(entry.key))
    assert about.items() >= format_fields("cqs-monitor", 1).items()
    bucket.write(entry.key, json.dumps({"holder": "old", "until": about["until"]}).encode())
    assert newest(bucket) == (1, "old", about["until"])
    bucket.write(entry.key, json.dumps(about | {"format": 2, "until": 0}).encode())
    with pytest.raises(NewerFormat, match=NEWER):
        Lease(bucket).keep()
    assert len(bucket.list(FOLDER)) == 1


def test_events_of_before_the_upgrade_are_read_and_those_of_a_newer_version_are_refused(bucket):
    record(bucket, "alert", ALERT, NOVEMBER)
    [entry] = bucket.list(HISTORY)
    about = json.loads(bucket.read(entry.key))
    assert about.pop("format") == 1
    bucket.write(entry.key, json.dumps(about).encode() + b"\n" + bucket.read(entry.key))
    assert [row["title"] for row in history(bucket)] == ["[critical] silent"] * 2
    bucket.write(entry.key, json.dumps({"format": 2}).encode() + b"\n")
    with pytest.raises(NewerFormat, match=NEWER):
        history(bucket)


def test_an_outage_that_another_version_remembers(bucket, tmp_path, monkeypatch):
    """Of before the upgrade it goes on; what a newer one wrote is forgotten, so that it is told again."""
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))
    watcher = Watcher(bucket, blind_after=0, say=lambda _: None)
    watcher.tell_blind("it is gone")
    path = watcher._blind_file()
    about = json.loads(path.read_text())
    assert about.items() >= format_fields("cqs-monitor", 1).items()
    path.write_text(json.dumps({"since": 5, "told": 6}))
    watcher.tell_blind("it is gone")
    assert json.loads(path.read_text()).items() >= {"since": 5, "told": 6, "format": 1}.items()
    path.write_text(json.dumps({"since": 5, "told": 6, "format": 2}))
    watcher.tell_blind("it is gone")
    assert json.loads(path.read_text())["since"] > 5
