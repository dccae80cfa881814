"""Jobs that are forked: a new process imports libraries for four seconds of processor time before a backtest begins."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import IO, TYPE_CHECKING, Any

from cqs_core.testing.forked import Passed, become_child, join_shared, open_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def fork_jobs() -> None:
    """Let this process fork the jobs that it starts; they outlive it, as those of users do."""
    from cqs_core.jobs import job_registry

    job_registry._begin = _begin  # noqa: SLF001 - the one place where the process of a job begins


def _begin(folder: Path, environment: Mapping[str, str], out: IO[bytes], log: IO[bytes]) -> Any:
    context = multiprocessing.get_context("forkserver")
    join_shared()
    streams = Passed(out.fileno()), Passed(log.fileno())
    process = context.Process(target=_work, args=(dict(environment), streams, folder), daemon=False)
    return process._Popen(process)  # noqa: SLF001 - a process that is started by `start` ends with this one


def _work(environment: dict[str, str], streams: Sequence[Passed], folder: Path) -> None:
    os.setsid()
    become_child(environment, streams)
    open_streams()
    from cqs_core.cli import job_process

    sys.argv = ["cqs"]
    raise SystemExit(job_process.run(folder))
