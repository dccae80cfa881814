"""`cqs health`: bucket, disk, services, and the checks of plugins."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from typing import ClassVar, NamedTuple

import pytest

from cqs_core import Bucket, Health, HealthCheck, Plugins, hookimpl
from cqs_core import plugin as core
from cqs_core.cli import run_command
from cqs_core.host import plugin_registry
from cqs_core.jobs import health
from cqs_core.jobs.job import created
from cqs_core.jobs.service_state import ServiceState


class Room(NamedTuple):
    total: int
    used: int
    free: int


class Checks:
    found: ClassVar[list] = []

    @hookimpl
    def register_health_checks(self):
        return self.found


@pytest.fixture(autouse=True)
def _host(monkeypatch):
    host = Plugins()
    host.register(core, "core")
    host.register(Checks(), "checks")
    monkeypatch.setattr(plugin_registry, "_hosts", [host])
    monkeypatch.setattr(Checks, "found", [])


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


@pytest.fixture
def service(bucket):
    """Stores the state of a service that runs every minute."""

    def store(**changes):
        """Times are seconds from now."""
        facts = {
            "every": 60.0,
            "started": 0.0,
            "round": 0.0,
            "pid": os.getpid(),
            "created": created(os.getpid()),
        } | changes
        for name in ("started", "round", "stopped"):
            if facts.get(name) is not None:
                facts[name] += time.time()
        ServiceState("update", bucket.url, "0.1.0", **facts).write()

    return store


def states(bucket):
    return {one.name: one.state for one in health(bucket)}


def test_a_good_installation_ends_with_0(bucket, service, capsys):
    service()
    assert run_command(["health", "--json", "--bucket", bucket.url]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert [one["name"] for one in found["checks"]] == ["bucket", "disk of state", "disk of bucket", "service update"]
    assert {one["state"] for one in found["checks"]} == {"ok"}


def test_a_bucket_that_is_not_there_is_the_finding(tmp_path, capsys):
    assert run_command(["health", "--bucket", str(tmp_path / "gone")]) == 1
    assert "gone' does not exist" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "state", "fact"),
    [
        ({}, "ok", r"last round \d s ago, every 60 s"),
        ({"round": -1000.0}, "failed", "though every 60 s"),
        ({"round": None, "started": -1000.0}, "failed", "started 17 min ago, though every 60 s"),
        ({"round": -1000.0, "seconds": 900.0}, "ok", "last round"),
        ({"faults": ["upbit is down"]}, "failed", "had faults: upbit is down"),
        ({"pid": 2**22 + 1}, "failed", "is gone; it did not end in order"),
        ({"stopped": -90.0}, "warning", "was stopped "),
        ({"every": None, "round": None}, "ok", r"runs for \d s"),
    ],
)
def test_services(bucket, service, changes, state, fact):
    service(**changes)
    [found] = [one for one in health(bucket) if one.name == "service update"]
    assert found.state == state, found
    assert re.search(fact, found.fact), found


@pytest.mark.parametrize(("free", "state"), [(1 << 20, "failed"), (500 << 20, "warning"), (5 << 30, "ok")])
def test_room_on_disk(bucket, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Room(10 << 30, 0, free))
    assert states(bucket)["disk of bucket"] == state


def test_checks_of_plugins_run_and_one_that_raises_is_a_finding(bucket, monkeypatch):
    def bad(_):
        raise RuntimeError("oops")

    good = [Health("x", "warning", "so so", 3.0)]
    checks = [HealthCheck("a", lambda _: good), HealthCheck("b", bad), HealthCheck("c", "cqs_core.nowhere:x")]
    monkeypatch.setattr(Checks, "found", checks)
    found = {one.name: one for one in health(bucket)}
    assert found["x"] == good[0]
    assert (found["b"].state, found["b"].fact) == ("failed", "RuntimeError: oops")
    assert found["c"].state == "failed"


def test_a_state_that_is_torn_says_nothing(bucket, service):
    from cqs_core.jobs.service_state import _path

    service()
    _path("update", bucket.url).write_text("{")
    assert "service update" not in states(bucket)


def test_a_state_of_a_newer_version_is_refused(bucket, service):
    from cqs_core.jobs.service_state import _path

    service()
    path = _path("update", bucket.url)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2, "written_by": "cqs-core 7"}))
    [found] = [one for one in health(bucket) if one.name == "services"]
    assert (found.state, "written by cqs-core 7" in found.fact) == ("failed", True)
