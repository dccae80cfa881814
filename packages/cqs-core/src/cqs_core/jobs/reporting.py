"""Progress of long work: bars on a terminal's stderr or under a notebook's cell, a file for the job that the work is.

The work says what it does; where that shows is not its business. The logger `cqs` hears of it in any case: that it
ended and how long it took (INFO), and what it says in between (DEBUG).
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cqs_core.jobs.notebook import NotebookBar, in_notebook
from cqs_core.jobs.systemd import alive

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB_VARIABLE = "CQS_JOB"
_EVERY = 0.2  # seconds between two writes of a job's progress
_log = logging.getLogger("cqs")
_finished_at = logging.INFO


@dataclass
class Part:
    """One of the parts that run at the same time."""

    done: float = 0
    total: float | None = None
    started: float = field(default_factory=time.time)

    @property
    def rate(self) -> float:
        """Units a second since its first report."""
        return self.done / max(1e-9, time.time() - self.started)


@dataclass
class Progress:
    """The progress of a piece of work.

    Attributes:
        title: what it is.
        total: number of units; None if unknown.
        unit: name of the units.
        done: units so far.
        note: the current step.
        parts: named pieces with progress of their own; without a `total`, the sum of theirs is used.
        started: seconds since the epoch.
        lock: held while any of this changes.
    """

    title: str
    total: float | None = None
    unit: str = ""
    done: float = 0
    note: str = ""
    parts: dict[str, Part] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    _shown: _Shown | None = None
    lock: Any = field(default_factory=threading.RLock, repr=False)

    def advance(self, n: float = 1, note: str = "", part: str = "") -> None:
        """`n` units more are done, of a part where one is named."""
        with self.lock:
            self.done += n
            self.note = note or part or self.note
            if part:
                self.parts.setdefault(part, Part()).done += n
            self.show()

    def say(self, note: str) -> None:
        """Show the current step, or what the work waits for."""
        with self.lock:
            if note != self.note:
                _log.debug("%s: %s", self.title, note)
            self.note = note
            self.show()

    def expect(self, total: float, part: str = "") -> None:
        """Set how many units there are, in total or of a part."""
        with self.lock:
            if part:
                self.parts.setdefault(part, Part()).total = total
                self.total = sum(p.total or 0 for p in self.parts.values())
            else:
                self.total = total
            self.show()

    def drop(self, part: str) -> None:
        """Stop counting a part that was given up."""
        with self.lock:
            if self.parts.pop(part, None) is not None:
                self.total = sum(p.total or 0 for p in self.parts.values()) or None
                self.done = sum(p.done for p in self.parts.values())
            self.show()

    def given_up(self, part: str) -> bool:
        """Whether the user asked to skip this part (`cqs_core.jobs.give_up`)."""
        return isinstance(self._shown, _JobFile) and part in self._shown.given_up()

    @property
    def rate(self) -> float:
        """Units a second since the start."""
        return self.done / max(1e-9, time.time() - self.started)

    def show(self) -> None:
        """Refresh what is displayed."""
        alive()
        if self._shown:
            self._shown.update(self)


class _Shown(Protocol):
    def update(self, progress: Progress) -> None: ...


@contextlib.contextmanager
def progress(title: str, total: float | None = None, unit: str = "") -> Iterator[Progress]:
    """A piece of work in progress, while the block runs."""
    with contextlib.ExitStack() as stack:
        shown: _Shown | None = None
        if folder := os.environ.get(JOB_VARIABLE):
            shown = _JobFile(Path(folder))
        elif in_notebook():
            shown = stack.enter_context(contextlib.closing(NotebookBar()))
        elif sys.stderr and sys.stderr.isatty():
            shown = stack.enter_context(_bars())
        work = Progress(title, total, unit, _shown=shown)
        if isinstance(shown, _JobFile):
            stack.callback(shown.write, work)
        work.show()
        yield work
        amount = f"{work.done:,.0f} {unit or 'done'}"
        _log.log(_finished_at, "%s: %s in %.1f s", title, amount, time.time() - work.started)


@contextlib.contextmanager
def in_rounds() -> Iterator[None]:
    """A service says in one line what a round did; the lines of its pieces of work are logged with `--verbose` only."""
    global _finished_at  # noqa: PLW0603 - one service a process
    before, _finished_at = _finished_at, logging.DEBUG
    try:
        yield
    finally:
        _finished_at = before


@contextlib.contextmanager
def waiting(title: str) -> Iterator[None]:
    """Work without progress of its own: a notebook shows that it runs once it takes longer than a second."""
    if not in_notebook():
        yield
        return
    with progress(title):
        yield


class _JobFile:
    """`progress.json` in the job's folder, replaced whole, a few times a second, the last change always."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last = 0.0
        self.later: threading.Timer | None = None

    def given_up(self) -> list[str]:
        from cqs_core.jobs.job_files import GIVEN_UP, read_json

        return list(read_json(self.folder / GIVEN_UP).get("parts", []))

    def update(self, progress: Progress) -> None:
        wait = self.last + _EVERY - time.time()
        if wait <= 0:
            self.write(progress)
        elif self.later is None:
            self.later = threading.Timer(wait, self.write, [progress])
            self.later.daemon = True
            self.later.start()

    def write(self, progress: Progress) -> None:
        from cqs_core.jobs.job_files import write_json

        with progress.lock, contextlib.suppress(OSError):  # a full disk must not end the work whose progress this is
            if self.later:
                self.later.cancel()
            self.last, self.later = time.time(), None
            write_json(self.folder / "progress.json", _about(progress))


def _about(progress: Progress) -> dict[str, Any]:
    return {
        "title": progress.title,
        "done": progress.done,
        "total": progress.total,
        "unit": progress.unit,
        "note": progress.note,
        "rate": progress.rate,
        "parts": {name: {"done": p.done, "total": p.total, "rate": p.rate} for name, p in progress.parts.items()},
    }


def _console() -> Any:
    """Standard error, but three columns narrower: a terminal echoes `^C`, and a bar that wraps cannot be erased."""
    from rich.console import ConsoleDimensions

    from cqs_core.files.console import SafeConsole

    class Narrow(SafeConsole):
        @property
        def size(self) -> ConsoleDimensions:
            return ConsoleDimensions(max(1, super().size.width - 3), super().size.height)

        @size.setter
        def size(self, new_size: tuple[int, int]) -> None:
            raise NotImplementedError  # bars follow the terminal

    return Narrow(stderr=True)


@contextlib.contextmanager
def _bars() -> Iterator[_Shown]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    name = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
    figures = (TextColumn(f"{{task.fields[{field}]}}", justify="right") for field in ("far", "rate"))
    with Bars(
        SpinnerColumn(),
        name,
        BarColumn(bar_width=16),
        *figures,
        TimeRemainingColumn(),
        console=_console(),
        transient=True,
        expand=True,
    ) as bars:
        yield _Terminal(bars)


class _Terminal:
    """One bar for the whole and one for each part."""

    def __init__(self, bars: Any) -> None:
        self.bars = bars
        self.tasks: dict[str, Any] = {}

    def update(self, progress: Progress) -> None:
        from rich.markup import escape

        note = f": {progress.note}" if progress.note and progress.note not in progress.parts else ""
        title = escape(progress.title + note)
        self._set("", title, progress.done, progress.total, f"{progress.rate:,.0f} {progress.unit}/s")
        for name, part in progress.parts.items():
            self._set(name, escape(name), part.done, part.total, f"{part.rate:,.0f}/s")

    def _set(self, key: str, title: str, done: float, total: float | None, rate: str) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task(title, total=total, rate=rate, far="")
        finished = bool(key) and total is not None and done >= total
        far = f"{min(1.0, done / total):.0%}" if total else f"{done:,.0f}"
        shown = {"completed": done, "total": total, "far": far, "rate": rate, "visible": not finished}
        self.bars.update(self.tasks[key], description=title, **shown)
