"""Limits how many jobs work at the same time on this machine; others wait in order.

A place is a locked file: the system gives it back whatever ends the process that holds it.
"""

from __future__ import annotations

import contextlib
import time
from typing import IO, TYPE_CHECKING

from cqs_core.config.variables import default_jobs, settings
from cqs_core.errors import UsageError
from cqs_core.files.folders import state_folder
from cqs_core.files.locks import has_locks, hold
from cqs_core.jobs.job_files import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 0.2
_held: list[IO[str]] = []  # the place of this process


def most() -> int:
    """How many jobs work at once: `CQS_JOBS`, else one for each core, two at least."""
    try:
        wanted = settings().jobs
    except UsageError:  # the command says so when its turn comes
        wanted = None
    return wanted or default_jobs()


@contextlib.contextmanager
def place() -> Iterator[None]:
    """Wait for a place, and hold it."""
    if not has_locks():  # no limit
        yield
        return
    home = state_folder() / "job-places"
    home.mkdir(parents=True, exist_ok=True)

    def free() -> IO[str] | None:
        return next((found for n in range(most()) if (found := hold(home / str(n), wait=False))), None)

    turn = hold(home / "turn")  # one process looks for a place, the others wait in line
    try:
        while (slot := free()) is None:
            time.sleep(_SECONDS)
    finally:
        if turn is not None:
            turn.close()
    _held.append(slot)
    try:
        yield
    finally:
        _give_back()


def become_service(folder: Path) -> None:
    """A job runs until it is stopped from now on: it gives its place to others, which would wait for good."""
    with contextlib.suppress(OSError):
        (folder / SERVICE).touch()
    _give_back()


def _give_back() -> None:
    while _held:
        _held.pop().close()
