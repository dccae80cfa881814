"""One job as it is now, read off its folder."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_core.files.formats import NewerFormat, require_format
from cqs_core.jobs.job_files import (
    BEGAN,
    CANCEL,
    END,
    FORMAT,
    LOG,
    PROCESS,
    PROGRESS,
    REQUEST,
    RESULT,
    SERVICE,
    read_json,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_STARTING = 15.0  # seconds that a new process may take to say that it is there
_LOG_BYTES = 16_384
_WAITS = "waits until another job ends"
_CLOCK_STEP = 5.0  # seconds by which a corrected clock may move the start time of a process


@dataclass(frozen=True)
class Job:
    """A piece of work.

    Attributes:
        id: name of its folder.
        title: what people read.
        args: of the `cqs` command, without `cqs`.
        state: `queued` (it waits for its turn), `running`, `done`, `failed` or `cancelled`.
        fraction: 0..1, None where the work cannot say.
        note: what it is doing.
        eta: seconds left, None where unknown.
        started: seconds since the epoch.
        ended: the same for its end; None while it runs.
        code: exit code, None while it runs or where it died without a word.
        parts: `{name: {"done", "total", "rate"}}` of what it does at once; rates are units a second.
        rate: units a second in all, 0 where it does not say.
        unit: name of the units.
        done: units so far; 0 where it does not say.
        killed: how, in a sentence, where its process ended without a word; else empty.
        service: whether it runs until it is stopped, and takes no place from other jobs.
        newer: whether a newer version keeps it: then it is `failed`, `killed` says why, and its files stay.
    """

    id: str
    title: str
    args: Sequence[str]
    state: str
    fraction: float | None
    note: str
    eta: float | None
    started: float
    ended: float | None
    code: int | None
    folder: Path
    parts: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 0.0
    unit: str = ""
    done: float = 0.0
    killed: str = ""
    service: bool = False
    newer: bool = False

    @property
    def result(self) -> Any:
        """The command's JSON output; None before it is printed."""
        try:
            return json.loads((self.folder / RESULT).read_bytes())
        except (OSError, ValueError):
            return None

    @property
    def log(self) -> str:
        """The end of what it wrote to stderr, and that it was killed."""
        written = ""
        with contextlib.suppress(OSError), (self.folder / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_BYTES))
            written = file.read().decode("utf-8", "replace")
        return f"{written}cqs: {self.killed}\n" if self.killed else written

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


def read_job(folder: Path) -> Job | None:
    """The job in a folder; None where there is none, or its files are not ours."""
    request = read_json(folder / REQUEST)
    try:
        require_format(f"job {folder.name!r}", request, FORMAT, "cqs-core")
        return _job(folder, request) if request else None
    except NewerFormat as error:
        return _newer_job(folder, request, str(error))
    except (KeyError, TypeError, ValueError):
        return None


def _newer_job(folder: Path, request: Mapping[str, Any], why: str) -> Job:
    """A job of a newer version, of which only the title and the time are looked at."""
    title, started = request.get("title"), request.get("started")
    began = float(started) if isinstance(started, int | float) else 0.0
    title = title if isinstance(title, str) else folder.name
    return Job(folder.name, title, [], "failed", None, why, None, began, None, None, folder, killed=why, newer=True)


def _job(folder: Path, request: Mapping[str, Any]) -> Job:
    end, works = _end(folder)
    progress = read_json(folder / PROGRESS)
    state = _state(folder, request, end, works)
    fraction = _fraction(progress, state)
    killed = _killed(folder, end) if state == "failed" else ""
    started = float(request["started"])
    began = float(read_json(folder / BEGAN).get("at", started))
    return Job(
        id=folder.name,
        title=str(request.get("title", "")),
        args=list(request.get("args", [])),
        state=state,
        fraction=fraction,
        note=killed or (_WAITS if state == "queued" else str(progress.get("note", ""))),
        eta=(time.time() - began) * (1 / fraction - 1) if fraction and state == "running" else None,
        started=started,
        ended=end.get("at"),
        code=end.get("code"),
        folder=folder,
        parts=dict(progress.get("parts", {})),
        rate=float(progress.get("rate", 0.0)),
        unit=str(progress.get("unit", "")),
        done=float(progress.get("done", 0.0)),
        killed=killed,
        service=(folder / SERVICE).exists(),
    )


def note_process(folder: Path, pid: int) -> None:
    """Write down who works on the job; a process that is gone already has nothing to say."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        write_json(folder / PROCESS, {"pid": pid, "created": created(pid)})


def created(pid: int) -> float:
    """When a process began, seconds since 1970."""
    import psutil

    return float(psutil.Process(pid).create_time())


def alive(about: Mapping[str, Any]) -> bool:
    """Whether the process is still the one that wrote this: ids are used again, start times are not."""
    import psutil

    try:
        process = psutil.Process(int(about["pid"]))
        same = abs(process.create_time() - float(about["created"])) < _CLOCK_STEP
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def _end(folder: Path) -> tuple[dict[str, Any], bool | None]:
    """How it ended, and whether its process works; None where there is none yet."""
    if end := read_json(folder / END):
        return end, False
    if not (process := read_json(folder / PROCESS)):
        return {}, None
    if alive(process):
        return {}, True
    return read_json(folder / END), False  # once more: it wrote this before it was gone


def _state(folder: Path, request: Mapping[str, Any], end: Mapping[str, Any], works: bool | None) -> str:
    asked = (folder / CANCEL).exists()
    if end:
        return "done" if end.get("code") == 0 else "cancelled" if asked else "failed"
    if works:
        return "running" if (folder / BEGAN).exists() else "queued"
    if works is False:
        return "cancelled" if asked else "failed"
    return "queued" if time.time() - float(request["started"]) < _STARTING else "failed"


def _killed(folder: Path, end: Mapping[str, Any]) -> str:
    """How its process was ended by others; empty where it ended by itself, or never began."""
    number = end.get("signal")
    if number is not None:
        with contextlib.suppress(ValueError):
            number = signal.Signals(number).name
        memory = "; Linux does that when memory runs out" if number == "SIGKILL" else ""
        return f"its process was killed ({number}){memory}"
    if end or not read_json(folder / PROCESS):
        return ""
    return "its process was killed, or the machine restarted: it ended without a word"


def _fraction(progress: Mapping[str, Any], state: str) -> float | None:
    if state == "done":
        return 1.0
    total = progress.get("total")
    return min(1.0, progress.get("done", 0) / total) if total else None
