"""What the services of this machine last did: a small file each in the state folder, which `cqs health` reads."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_core.files.atomic import write_json
from cqs_core.files.folders import state_folder
from cqs_core.files.formats import format_fields, require_format
from cqs_core.jobs.job import alive

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


@dataclass
class ServiceState:
    """A service, as of its last round.

    Attributes:
        name: `update`, `watch` or `serve`.
        bucket: its URL, without credentials.
        version: of cqs-core.
        pid: of its process.
        created: when that process began, seconds since 1970: ids are used again.
        every: seconds between two rounds; None for a service without rounds.
        started: seconds since 1970.
        round: when the last round ended, seconds since 1970; None before the first.
        seconds: that it took.
        counts: what it did.
        faults: what was wrong in it.
        stopped: when it ended in order, seconds since 1970; None while it runs, or if it was killed.
    """

    name: str
    bucket: str
    version: str
    pid: int
    created: float
    every: float | None
    started: float
    round: float | None = None
    seconds: float = 0.0
    counts: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    stopped: float | None = None

    @property
    def works(self) -> bool:
        """Whether its process still runs."""
        return self.stopped is None and alive({"pid": self.pid, "created": self.created})

    def write(self) -> None:
        """Store it; a full disk or a read-only folder must not end the service."""
        with contextlib.suppress(OSError):
            path = _path(self.name, self.bucket)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, {**format_fields("cqs-core", FORMAT), **asdict(self)})


def service_states(bucket: str) -> list[ServiceState]:
    """The services of a bucket that ever ran on this machine, by name.

    Args:
        bucket: its URL, without credentials.

    Raises:
        NewerFormat: a newer version wrote one.
    """
    found = (_read(path) for path in sorted(_folder().glob("*.json")))
    return [one for one in found if one is not None and one.bucket == bucket]


def _read(path: Path) -> ServiceState | None:
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        require_format(f"{str(path)!r}", stored, FORMAT, "cqs-core")
        return ServiceState(**{name: stored[name] for name in ServiceState.__dataclass_fields__ if name in stored})
    except (OSError, ValueError, TypeError, AttributeError):  # a torn or foreign file says nothing
        return None


def _path(name: str, bucket: str) -> Path:
    return _folder() / f"{name}-{hashlib.sha256(bucket.encode()).hexdigest()[:16]}.json"


def _folder() -> Path:
    return state_folder() / "services"
