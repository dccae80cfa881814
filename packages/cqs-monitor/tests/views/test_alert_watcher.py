"""Who watches a bucket, in a sentence."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_monitor.alerts.lease import Lease
from cqs_monitor.views.alert_watcher import WatcherFound, find_watcher, watcher_html

NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))


def job(state, log=""):
    return SimpleNamespace(state=state, over=state != "running", log=log)


def test_a_lease_is_found_and_forgotten(bucket):
    assert find_watcher(bucket, 0) == WatcherFound("", 0, None)
    lease = Lease(bucket)
    lease.keep()
    found = find_watcher(bucket, int(time.time() * 1000) - 9_000)
    assert lease.holder.startswith(found.host)
    assert not found.runs_here
    assert "last round 9 s ago; not started on this page" in watcher_html(found, int(time.time() * 1000))
    lease.give_back()
    assert find_watcher(bucket, 0).holder == ""


def test_a_watcher_of_this_machine_starts_watches_and_fails():
    assert "It is starting; no round yet" in watcher_html(WatcherFound("", 0, job("running")), NOW)
    assert "a job of this machine" in watcher_html(WatcherFound("host process 1 ab", NOW, job("running")), NOW)
    failed = watcher_html(WatcherFound("", NOW, job("failed", "one\n<b>no bucket</b>\n")), NOW)
    assert "The last one failed: &lt;b&gt;no bucket&lt;/b&gt;" in failed
    assert "No one watches" in failed
