"""Which executor a search has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cqs_backtest.runs.code import captured
from cqs_backtest.search.executors.threads import ThreadExecutor
from cqs_core import UsageError

if TYPE_CHECKING:
    from cqs_backtest.search.executors.executor import Executor
    from cqs_backtest.search.executors.workload import Workload

_WORTH = 10.0
"""Seconds of work from which processes are worth their start."""


def open_executor(threads: int | None = None, workers: int | None = None, scheduler: str | None = None) -> Executor:
    """The executor that a user asks for.

    Args:
        threads: of this process.
        workers: processes of this machine.
        scheduler: address of a Dask scheduler.

    Raises:
        UsageError: more than one of them, or the scheduler does not answer.
    """
    asked = {"--threads": threads, "--workers": workers, "--scheduler": scheduler}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other; choose one")
    if scheduler is not None:
        from cqs_backtest.search.executors.cluster import DaskExecutor

        return DaskExecutor(scheduler)
    if workers is not None:
        from cqs_backtest.search.executors.processes import ProcessExecutor

        return ProcessExecutor(workers)
    return AutomaticExecutor() if threads is None else ThreadExecutor(threads)


class AutomaticExecutor(ThreadExecutor):
    """One thread for little work, a process for each processor for more."""

    def __init__(self) -> None:
        super().__init__(1)
        self._processes: Executor | None = None

    def suited(self, load: Workload, seconds: float) -> Executor:
        """See `Executor`; a strategy that cannot be sent stays in this process."""
        if seconds < _WORTH or processors() < 2 or captured(load.request.strategy).missing:
            return self
        from cqs_backtest.search.executors.processes import ProcessExecutor

        self._processes = self._processes or ProcessExecutor(processors())
        return self._processes

    def close(self) -> None:
        """See `Executor`."""
        if self._processes is not None:
            self._processes.close()


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
