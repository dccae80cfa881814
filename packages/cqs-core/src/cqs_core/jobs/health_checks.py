"""Whether an installation works: all checks of core and of the plugins, each with a limit of time."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from cqs_core.files.folders import state_folder
from cqs_core.host.health import Health, HealthCheck, State
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import fact_of, limited
from cqs_core.jobs.service_state import ServiceState, service_states

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cqs_core.bucket import Bucket

_SECONDS = 20.0
_SLACK = 60.0  # seconds that a round may be late
_FULL, _SCARCE = 100 << 20, 1 << 30  # bytes


def health(bucket: Bucket) -> list[Health]:
    """What every check found; one that fails, or does not come back, is a finding itself."""
    first = _guarded(HealthCheck("bucket", reachable), bucket)
    found = [*first, *disks(bucket), *_guarded(HealthCheck("services", services), bucket)]
    if any(one.state == "failed" for one in first):
        return found  # whatever reads it would fail in the same way
    for check in plugins().health_checks().values():
        found += _guarded(check, bucket)
    return found


def _guarded(check: HealthCheck, bucket: Bucket) -> list[Health]:
    try:
        return limited(lambda: check(bucket), _SECONDS)
    except Exception as error:  # noqa: BLE001 - a check may fail in any way; the others still run
        return [Health(check.name, "failed", fact_of(error))]


def reachable(bucket: Bucket) -> Iterator[Health]:
    """Whether the bucket answers."""
    began = time.monotonic()
    bucket.contact()
    seconds = time.monotonic() - began
    yield Health("bucket", "ok", f"{bucket.url} answered in {seconds:.2f} s", seconds)


def disks(bucket: Bucket) -> Iterator[Health]:
    """Room where the bucket is, if that is here, and where state is kept."""
    folders = {"state": state_folder(), **({"bucket": bucket.folder} if bucket.folder else {})}
    for name, folder in folders.items():
        try:
            room = shutil.disk_usage(_existing(folder))
        except OSError as error:
            yield Health(f"disk of {name}", "failed", f"{str(folder)!r}: {error.strerror}")
            continue
        state: State = "failed" if room.free < _FULL else "warning" if room.free < _SCARCE else "ok"
        fact = f"{room.free / 1e9:.1f} GB of {room.total / 1e9:.0f} are free in {str(folder)!r}"
        yield Health(f"disk of {name}", state, fact, float(room.free))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def services(bucket: Bucket) -> Iterator[Health]:
    """The services that ran on this machine: whether they still do, and on time."""
    for one in service_states(bucket.url):
        yield _service(one, time.time())


def _service(one: ServiceState, now: float) -> Health:
    name, seen = f"service {one.name}", now - (one.round or one.started)
    if one.stopped is not None:
        return Health(name, "warning", f"was stopped {_ago(now - one.stopped)} ago", seen)
    if not one.works:
        return Health(name, "failed", f"process {one.pid} is gone; it did not end in order", seen)
    if one.every is None:
        return Health(name, "ok", f"runs for {_ago(now - one.started)} as process {one.pid}", now - one.started)
    what = "last round" if one.round else "started"
    if seen > 2 * one.every + one.seconds + _SLACK:
        return Health(name, "failed", f"{what} {_ago(seen)} ago, though every {_ago(one.every)}", seen)
    if one.faults:
        return Health(name, "failed", f"{what} {_ago(seen)} ago had faults: {one.faults[0]}", seen)
    return Health(name, "ok", f"{what} {_ago(seen)} ago, every {_ago(one.every)}", seen)


def _ago(seconds: float) -> str:
    for unit, length in (("d", 172_800), ("h", 7200), ("min", 120)):
        if seconds >= length:
            return f"{seconds / {'d': 86_400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
