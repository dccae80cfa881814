"""The way in which all executors hand out work and collect what comes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from cqs_backtest.search.executors.worker import Failure
from cqs_core import CqsError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cqs_backtest.search.executors.workload import Bench, Workload

Item = TypeVar("Item")
Found = TypeVar("Found")
_T = TypeVar("_T")
Work = Callable[["Bench", Item], Found]
Submit = Callable[[Work[Any, Any], Any], "Future[Any]"]
_MOST_DEATHS = 3
_END = object()


class Executor(ABC):
    """Runs a function on many items; the caller gets results in the order in which they are done.

    Use it in a `with` block: workers live until its end.

    Attributes:
        overhead: seconds that an item costs besides its own work.
    """

    overhead = 0.0

    @property
    @abstractmethod
    def count(self) -> int:
        """How many items run at the same time."""

    def suited(self, load: Workload, seconds: float) -> Executor:
        """The executor to use for work that takes one worker so long; another one ends with this one."""
        del load, seconds
        return self

    def run(self, load: Workload, work: Work[Item, Found], items: Iterable[Item]) -> Iterator[tuple[Item, Found]]:
        """Each item with what `work(bench, item)` returned, exactly once; what was lost with a worker runs again.

        Args:
            load: of all items.
            work: a function of a module; other processes import it by name.
            items: small; at most twice `count` of them are taken ahead.

        Raises:
            CqsError: the work failed, or its workers die again and again.
        """
        with self._opened(load) as submit:
            yield from self._results(submit, work, items)

    @abstractmethod
    def close(self) -> None:
        """End the workers."""

    @abstractmethod
    def _opened(self, load: Workload) -> AbstractContextManager[Submit]:
        """Workers that are ready for a workload; at the end of the block, what still runs is stopped."""

    def _results(self, submit: Submit, work: Work[Item, Found], items: Iterable[Item]) -> Iterator[tuple[Item, Found]]:
        waiting, running = iter(items), dict[Future[Any], tuple[Item, int]]()
        while True:
            while len(running) < 2 * self.count and (item := next(waiting, _END)) is not _END:
                running[submit(work, item)] = item, 0  # type: ignore[assignment]
            if not running:
                return
            lost: list[tuple[Item, int]] = []
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item, deaths = running.pop(future)
                try:
                    found = future.result()
                except BrokenProcessPool:
                    lost.append((item, deaths))
                    continue
                if isinstance(found, Failure):
                    raise found.error()
                yield item, found
            if lost:
                lost += running.values()
                running = self._again(submit, work, lost)

    def _again(
        self, submit: Submit, work: Work[Item, Found], lost: list[tuple[Item, int]]
    ) -> dict[Future[Any], tuple[Item, int]]:
        """Run again what was lost when a worker died."""
        if max(deaths for _, deaths in lost) >= _MOST_DEATHS:
            raise CqsError(DIED)
        return {submit(work, item): (item, deaths + 1) for item, deaths in lost}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


DIED = (
    f"a worker died {_MOST_DEATHS + 1} times with the same work; "
    "it may lack memory (use fewer workers), or the strategy crashes the process"
)


@contextmanager
def canceling(submit: Submit, end: Callable[[], None] = lambda: None) -> Iterator[Submit]:
    """`submit`; at the end of the block what waits is canceled, and `end` is called if something still runs."""
    futures: list[Future[Any]] = []

    def submitted(work: Work[Any, Any], item: Any) -> Future[Any]:
        futures[:] = [each for each in futures if not each.done()]
        futures.append(submit(work, item))
        return futures[-1]

    try:
        yield submitted
    finally:
        for each in futures:
            each.cancel()
        if not all(each.done() for each in futures):
            end()


def remembered(make: Callable[[Workload], _T]) -> Callable[[Workload], _T]:
    """`make`, whose result is kept until it is asked for another workload: a search may run work many times."""
    last: list[tuple[Workload, _T]] = []

    def found(load: Workload) -> _T:
        if not last or last[0][0] is not load:
            last[:] = [(load, make(load))]
        return last[0][1]

    return found
