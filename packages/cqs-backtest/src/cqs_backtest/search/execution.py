"""Runs the sets of a search in several threads; the caller gets the parts as they are done."""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from cqs_backtest.search.evaluator import Evaluator, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cqs_backtest.request import Request
    from cqs_backtest.search.space import Space
    from cqs_core import Candles

_SLICE = 0.25  # seconds of work after which a thread looks whether it should stop
_FIRST = 20


class Executor:
    """Threads with an evaluator each; numpy and the compiled loop run without the interpreter's lock.

    Args:
        request: of every set.
        candles: all that the strategy sees.
        metrics: names besides the headline.
        threads: how many; by default one for each processor.
    """

    def __init__(
        self, request: Request, candles: Candles, metrics: Sequence[str] = (), threads: int | None = None
    ) -> None:
        self.threads = threads or os.cpu_count() or 1
        self._free: SimpleQueue[Evaluator] = SimpleQueue()
        self.first = Evaluator(request, candles, metrics)
        self._free.put(self.first)
        for _ in range(self.threads - 1):
            self._free.put(Evaluator(request, candles, metrics))
        self._stopped = False

    def seconds_a_set(self, space: Space) -> float:
        """The time one set takes a thread, measured on a few sets from all over the grid."""
        sets = space.spread(_FIRST)
        self.first.rows(sets[:1])  # compiled, and what is common to all sets computed
        started = time.perf_counter()
        self.first.rows(sets)
        return (time.perf_counter() - started) / len(sets)

    def run(
        self, space: Space, parts: Sequence[tuple[int, int]], tell: Callable[[int], None] = lambda _: None
    ) -> Iterator[tuple[int, list[dict[str, Any]], Rows]]:
        """Each part's first number, sets and rows, in the order in which they are done.

        Args:
            space: of the sets.
            parts: ranges of numbers, half-open.
            tell: called with how many more sets are done; by the threads.
        """
        waiting = iter(parts)
        with ThreadPoolExecutor(self.threads) as pool:
            running: set[Future[tuple[int, list[dict[str, Any]], Rows]]] = set()
            try:
                while True:
                    while len(running) <= self.threads and (part := next(waiting, None)):
                        running.add(pool.submit(self._part, space, *part, tell))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                self._stopped = True
                pool.shutdown(cancel_futures=True)
                self._stopped = False

    def _part(
        self, space: Space, start: int, stop: int, tell: Callable[[int], None]
    ) -> tuple[int, list[dict[str, Any]], Rows]:
        evaluator = self._free.get()
        try:
            sets, size, done = space.sets(start, stop), _FIRST, 0
            found: list[Rows] = []
            while done < len(sets) and not self._stopped:
                began = time.perf_counter()
                found.append(evaluator.rows(sets[done : done + size]))
                done += len(found[-1])
                tell(len(found[-1]))
                size = max(1, int(size * min(4.0, _SLICE / max(1e-6, time.perf_counter() - began))))
            return start, sets, Rows.joined(found)
        finally:
            self._free.put(evaluator)
