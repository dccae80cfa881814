"""Threads of this process; numpy and the compiled loop run without the interpreter's lock."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from cqs_backtest.search.executors.executor import Executor
from cqs_backtest.search.executors.workload import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_backtest.search.executors.executor import Submit, Work
    from cqs_backtest.search.executors.workload import Workload


class ThreadExecutor(Executor):
    """Threads share the candles.

    They help where a set takes long: each short call of numpy waits for the lock that the other threads hold.

    Args:
        count: of threads.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    @property
    def count(self) -> int:
        """See `Executor`."""
        return self._count

    def close(self) -> None:
        """See `Executor`; threads end with the work."""

    @contextmanager
    def _opened(self, load: Workload) -> Iterator[Submit]:
        stopped: list[bool] = []
        benches: SimpleQueue[Bench] = SimpleQueue()
        for _ in range(self._count):
            benches.put(Bench(load, lambda: bool(stopped)))

        def call(work: Work[Any, Any], item: Any) -> Any:
            bench = benches.get()
            try:
                return work(bench, item)
            finally:
                benches.put(bench)

        with ThreadPoolExecutor(self._count, "cqs-search") as pool:

            def submit(work: Work[Any, Any], item: Any) -> Future[Any]:
                return pool.submit(call, work, item)

            try:
                yield submit
            finally:
                stopped.append(True)
                pool.shutdown(cancel_futures=True)
