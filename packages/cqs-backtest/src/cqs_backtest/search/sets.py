"""The sets of a search in parts, as executors take them: as large as their measured cost asks for."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_backtest.search.cut import until
from cqs_backtest.search.evaluator import Evaluator, SetRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cqs_backtest.search.executors import Bench, Executor, Workload
    from cqs_backtest.search.space import Space

    Found = tuple[int, list[dict[str, Any]], SetRows]

_SLICE = 0.25  # seconds of work after which it is asked whether to stop
_FIRST = 20
_PART_SECONDS = 3.0
_OVERHEAD = 0.1  # the most of a part's time that may be spent on anything but its sets
_MOST_PARTS = 500
_LARGEST_PART = 10_000


class Batch(NamedTuple):
    """Sets that follow each other.

    Attributes:
        start: number of the first.
        sets: parameters of each.
        days: when they trade, ms UTC, half-open; None is as the request says.
    """

    start: int
    sets: list[dict[str, Any]]
    days: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Runner:
    """Runs sets of a space on an executor.

    Attributes:
        executor: where.
        load: on what.
        space: whose sets.
        days: when they trade, ms UTC, half-open; None is as the request says.
    """

    executor: Executor
    load: Workload
    space: Space
    days: tuple[int, int] | None = None

    def run(self, ranges: Iterable[tuple[int, int]], tell: Callable[[int], None] = lambda _: None) -> Iterator[Found]:
        """First number, sets and rows of each range of numbers, half-open, in the order in which they are done.

        Args:
            ranges: which sets.
            tell: called with how many more sets are done.
        """
        parts = (Batch(start, self.space.sets(start, stop), self.days) for start, stop in ranges)
        for part, rows in self.executor.run(self.load, rows_of, parts):
            tell(len(rows))
            yield part.start, part.sets, rows


def rows_of(bench: Bench, part: Batch) -> SetRows:
    """The rows of a part; fewer if the search was stopped."""
    evaluator = bench.kept(part.days, lambda: evaluator_of(bench, part.days))
    found: list[SetRows] = []
    size, done = _FIRST, 0
    while done < len(part.sets) and not (found and bench.stopped()):
        began = time.perf_counter()
        found.append(evaluator.rows(part.sets[done : done + size]))
        done += len(found[-1])
        size = max(1, int(size * min(4.0, _SLICE / max(1e-6, time.perf_counter() - began))))
    return SetRows.joined(found)


def evaluator_of(load: Workload | Bench, days: tuple[int, int] | None = None) -> Evaluator:
    """An evaluator that knows nothing after these days."""
    if days is None:
        return Evaluator(load.request, load.candles, load.metrics)
    return Evaluator(replace(load.request, start=days[0]), until(load.candles, days[1]), load.metrics)


def seconds_a_set(evaluator: Evaluator, space: Space) -> float:
    """The time that one set takes, measured on a few sets from all over the grid."""
    sets = space.spread(_FIRST)
    evaluator.rows(sets[:1])  # compiled, and what is common to all sets computed
    started = time.perf_counter()
    evaluator.rows(sets)
    return (time.perf_counter() - started) / len(sets)


def part_size(sets: int, cost: float, executor: Executor, storing: float = 0.0) -> int:
    """How many sets a part has: some parts for each worker, but no more overhead than a tenth.

    Args:
        sets: of the whole search.
        cost: seconds that a set takes.
        executor: that runs them.
        storing: seconds that the rows of a part take to store, one part after the other.
    """
    least = max(executor.overhead / _OVERHEAD, 2 * storing * executor.count)  # rows are stored while workers go on
    fair = math.ceil(sets / (4 * executor.count))
    size = min(max(min(_PART_SECONDS / cost, fair), least / cost), _LARGEST_PART, math.ceil(sets / executor.count))
    return max(int(size), math.ceil(sets / _MOST_PARTS), 1)
