"""Jobs that are forked: a new process imports libraries for four seconds of processor time before a backtest begins."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from typing import TYPE_CHECKING

from cqs_core.testing.forked import Passed, become_child, join_shared, open_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def fork_jobs() -> None:
    """Let this process fork the jobs that it starts; they outlive it, as those of users do."""
    from cqs_core.jobs import job_registry

    job_registry._spawn = _spawn  # noqa: SLF001 - the one place where the process of a job begins


def _spawn(folder: Path, environment: Mapping[str, str]) -> None:
    from cqs_core.jobs import job_registry
    from cqs_core.jobs.job import note_process
    from cqs_core.jobs.job_files import LOG, RESULT
    from cqs_core.jobs.systemd import VARIABLES

    own = {name: value for name, value in environment.items() if name not in VARIABLES}
    context = multiprocessing.get_context("forkserver")
    join_shared()
    with (folder / RESULT).open("wb") as out, (folder / LOG).open("wb") as log:
        streams = Passed(out.fileno()), Passed(log.fileno())
        process = context.Process(target=_work, args=(own, streams, folder), daemon=False)
        popen = process._Popen(process)  # noqa: SLF001 - a process that is started by `start` ends with this one
    note_process(folder, popen.pid)
    threading.Thread(target=job_registry._await, args=(popen, folder), daemon=True).start()  # noqa: SLF001


def _work(environment: dict[str, str], streams: Sequence[Passed], folder: Path) -> None:
    os.setsid()
    become_child(environment, streams)
    open_streams()
    from cqs_core.cli import job_process

    sys.argv = ["cqs"]
    raise SystemExit(job_process.run(folder))
