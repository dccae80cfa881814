"""Processes of this machine, each with the candles in its own memory."""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from cqs_backtest.search.executors.executor import Executor, canceling, remembered
from cqs_backtest.search.executors.parcel import Parcel
from cqs_backtest.search.executors.worker import begin, call_stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

    from cqs_backtest.search.executors.executor import Submit, Work
    from cqs_backtest.search.executors.workload import Workload


class ProcessExecutor(Executor):
    """Processes do not wait for each other; each takes a second to start.

    Args:
        count: of processes.
    """

    overhead = 0.002

    def __init__(self, count: int) -> None:
        self._count = count
        self._context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self._alive: Connection | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="cqs-search-", ignore_cleanup_errors=True)
        self._pool: ProcessPoolExecutor | None = None
        self._stored = remembered(self._write)

    @property
    def count(self) -> int:
        """See `Executor`."""
        return self._count

    @contextmanager
    def _opened(self, load: Workload) -> Iterator[Submit]:
        with canceling(partial(self._submit, self._stored(load)), self._end) as submit:
            yield submit

    def close(self) -> None:
        """See `Executor`."""
        self._end()
        self._folder.cleanup()

    def _write(self, load: Workload) -> str:
        with tempfile.NamedTemporaryFile(dir=self._folder.name, suffix=".parcel", delete=False) as file:
            file.write(Parcel.of(load).packed())
        return file.name

    def _submit(self, path: str, work: Work[Any, Any], item: Any) -> Future[Any]:
        with _no_interrupt():
            try:
                return self._started().submit(call_stored, path, work, item)
            except BrokenProcessPool:  # a worker died: the others were ended, and new ones take over
                self._end()
                return self._started().submit(call_stored, path, work, item)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            heard, self._alive = self._context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self._count, self._context, begin, (self._folder.name, heard))
        return self._pool

    def _end(self) -> None:
        if self._alive is not None:
            self._alive.close()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = self._alive = None


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Processes that are started meanwhile never hear Ctrl-C, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
