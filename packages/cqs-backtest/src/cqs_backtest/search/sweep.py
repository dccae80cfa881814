"""A sweep: every set of a space is run, its row is stored as it comes, and the best one is judged by all trials."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest import feed
from cqs_backtest.checks.badges import badges
from cqs_backtest.loading.strategies import find, name_of
from cqs_backtest.runs.code import captured
from cqs_backtest.runs.manifest import setup
from cqs_backtest.search import store
from cqs_backtest.search.executors import Workload, open_executor
from cqs_backtest.search.folder import check_same
from cqs_backtest.search.judging import judged
from cqs_backtest.search.objective import Objective
from cqs_backtest.search.optimizer import batch_size, library, method, optimized, seconds_to_propose
from cqs_backtest.search.sets import Runner, evaluator_of, part_size, seconds_a_set
from cqs_backtest.search.space import Axis, Proposed, Space, make_space
from cqs_backtest.trials import Subject, merge, record, subject_of
from cqs_core import UsageError, progress
from cqs_core.trading import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_backtest.request import Request
    from cqs_backtest.search.evaluator import SetRows
    from cqs_backtest.search.executors import Executor
    from cqs_backtest.search.optimizer import Found
    from cqs_core import Bucket, Candles
    from cqs_core.trading import Floats

_MOST_LOOKED_AT = 200  # values of an axis that are asked for references
_AGREES = 1e-9
_OBJECTS_A_PART = 2  # its rows, and what the ledger counts
_WORTH = 0.25  # seconds of a batch from which more than one process is worth it


@dataclass(frozen=True, eq=False)
class Sweep:
    """The request: one for all sets, whose strategy has the fixed parameters.

    Attributes:
        request: its engine is the fast one.
        ranges: see `make_space`.
        count: of sets at random; None is the whole grid.
        seed: of these, or of the optimizer.
        objective: by which the best set is chosen.
        optimize: so many sets that Optuna proposes; None is the whole grid, or sets at random.
    """

    request: Request
    ranges: Mapping[str, str | None]
    count: int | None = None
    seed: int = 0
    objective: Objective = field(default_factory=Objective)
    optimize: int | None = None

    def __post_init__(self) -> None:
        if self.request.engine.name != "fast":
            name = self.request.engine.name
            raise UsageError(f"engine {name!r} cannot run sweeps; make the request with engine 'fast'")

    def space(self) -> Space:
        """Its sets; see `make_space` for what is refused."""
        fixed = type(self.request.strategy)
        return make_space(fixed, self.ranges, count=self.count, seed=self.seed, optimize=self.optimize)

    def rows(
        self,
        runner: Runner,
        todo: Sequence[tuple[int, int]],
        tell: Callable[[int], None],
        stored: Callable[[int, int], Mapping[str, Floats] | None] = lambda _start, _stop: None,
    ) -> Iterator[Found]:
        """First number, sets and rows of each part, in the order in which they are done.

        Args:
            runner: of a space as `space()` gave it.
            todo: the parts; an optimizer has its own.
            tell: called with how many more sets are done.
            stored: metrics of a part that is not to be run; for an optimizer, which has to know them.
        """
        if not isinstance(runner.space.chosen, Proposed):
            return runner.run(todo, tell)

        def run(start: int, stop: int) -> Iterator[Found]:
            size = -(-(stop - start) // runner.executor.count)
            return runner.run([(first, min(first + size, stop)) for first in range(start, stop, size)], tell)

        return optimized(runner.space, self.objective, self.seed, run, stored)


class SweepJob:
    """A sweep on the candles of a bucket, new or resumed.

    Attributes:
        space: all sets.
        evaluator: of this process, for a few sets.
        seconds: that all of it takes, as measured; 0 before `measure`.
    """

    def __init__(self, sweep: Sweep, bucket: Bucket, *, resume: str = "", executor: Executor | None = None) -> None:
        """Load the candles and check everything that can be checked.

        Args:
            sweep: what to do.
            bucket: with the lake; results go there too.
            resume: the id of a sweep that was stopped.
            executor: that runs the sets, which the caller closes; by default this thread.

        Raises:
            UsageError: no candles, a range that is empty, or a sweep to resume whose candles or code are others.
        """
        self.sweep, self.bucket, self.space = sweep, bucket, sweep.space()
        self.request = sweep.request
        self.candles = load_candles(sweep.request, self.space, bucket)
        self._load = Workload(self.request, self.candles, bucket, sweep.objective.metrics)
        self.evaluator = evaluator_of(self._load)
        self._executor = executor or open_executor(threads=1)
        self._about = setup(self.request, captured(self.request.strategy), self.candles, self.evaluator.traded) | asked(
            sweep, self.space
        )
        if self._optimized:
            self._about["versions"]["optuna"] = library().__version__
        name = name_of(self.request.strategy)
        folder = store.SweepFolder
        self.folder = folder.find(bucket, resume) if resume else folder.new(bucket, name)
        self.seconds, self._part = 0.0, 0
        if resume:
            made = self.folder.manifest()
            check_same("sweep", made, self._about)
            self._part = int(made["part"])

    def measure(self) -> float:
        """Seconds that all sets take, by a few of them."""
        cost, sets = seconds_a_set(self.evaluator, self.space), len(self.space)
        if self._optimized:
            self._part = batch_size(self.space, self.sweep.objective)
        if not self._optimized or cost * self._part > _WORTH:
            self._executor = self._executor.suited(self._load, cost * sets)
        self.seconds = cost * sets / self._executor.count
        self.seconds += seconds_to_propose(sets) if self._optimized else 0
        started = time.perf_counter()
        self.folder.parts()
        latency = time.perf_counter() - started
        self._part = self._part or part_size(sets, cost, self._executor, _OBJECTS_A_PART * latency)
        return self.seconds

    def run(self, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
        """Run what has no rows yet.

        Args:
            tell: called with the id, once it can be resumed.

        Returns:
            see the specification of `result.json`.

        Raises:
            UsageError: not one set could run.
        """
        if not self.seconds:
            self.measure()
        done = self.folder.parts()
        if not done:
            self.folder.begin(self._about | {"part": self._part})
        tell(self.folder.id)
        todo = [each for each in store.ranges(len(self.space), self._part) if each not in done]
        ready = len(self.space) - sum(stop - start for start, stop in todo)
        with progress("Sweep", len(self.space), "sets") as work:
            work.advance(ready, note=self.folder.id)  # pages find the sweep by it
            runner = Runner(self._executor, self._load, self.space)
            for start, sets, rows in self.sweep.rows(runner, todo, work.advance, self._stored):
                self._keep(start, sets, rows)
        subject = self._subject()
        merge(
            self.bucket,
            subject,
            self.folder.id,
            [self._source(start) for start, _ in store.ranges(len(self.space), self._part)],
        )
        result = judged(self)
        self.folder.write("result.json", result)
        return result

    def checked(self, values: Mapping[str, Any], metrics: Mapping[str, float]) -> dict[str, Any]:
        """Run one set as `cqs backtest run` does: its badges.

        Raises:
            UsageError: the single run has other metrics than the row.
        """
        request = replace(self.request, strategy=find(self.request.strategy, values))
        result = request.simulated(self.candles)
        for name, value in result.performance.items():
            if not math.isclose(value, metrics[name], rel_tol=_AGREES, abs_tol=_AGREES) and not (
                math.isnan(value) and math.isnan(metrics[name])
            ):
                fact = f"a single run of {dict(values)} has {name} {value!r}, the sweep has {metrics[name]!r}"
                raise UsageError(f"{fact}; is the strategy the same at every call?")
        said = badges(request, result, self.candles, confirm=True)
        return {name: said[name] for name in ("lookahead", "lookahead_where", "parity", "gaps", "stale")}

    def _keep(self, start: int, sets: Sequence[Mapping[str, Any]], rows: SetRows) -> None:
        """The ledger first: what was seen counts, even if the row is lost."""
        whole = [self.request.strategy.values() | dict(values) for values in sets]
        record(self.bucket, self._subject(), self._source(start), whole, rows.metrics["sharpe"])
        self.folder.write_part(start, store.rows_table(start, whole, rows, self.space.axes))

    @property
    def _optimized(self) -> bool:
        return isinstance(self.space.chosen, Proposed)

    def _stored(self, start: int, stop: int) -> dict[str, Floats] | None:
        """The metrics of a part that has rows.

        Raises:
            UsageError: its sets are not those that are proposed now.
        """
        if (table := self.folder.part(start, stop)) is None:
            return None
        sets = self.space.sets(start, stop)
        for axis in self.space.axes:
            column = table[store.column_of(axis.name)].to_pylist()
            if column != store.column([values[axis.name] for values in sets], axis.values).to_pylist():
                fact = f"the optimizer proposes other sets than those of sweep {self.folder.id!r}"
                raise UsageError(f"{fact}; its rows are kept. Start a new one without --resume")
        return {name: np.asarray(table[name], np.float64) for name in self.sweep.objective.metrics}

    def _subject(self) -> Subject:
        return subject_of(self.request, self.evaluator.traded)

    def _source(self, start: int) -> str:
        return f"{self.folder.id}-{start:09d}"


def asked(sweep: Sweep, space: Space) -> dict[str, Any]:
    """The keys of a manifest that say what is searched, and for what."""
    return {
        "axes": {axis.name: list(axis.values) if len(axis.values) <= 1000 else _ends(axis) for axis in space.axes},
        "sets": len(space),
        "ranges": dict(sweep.ranges),
        "random": sweep.count,
        "random_seed": sweep.seed,
        "optimize": sweep.optimize,
        "method": _method(sweep, space),
        "objective": sweep.objective.metric,
        "objectives": list(sweep.objective.goals),
        "requirements": [str(each) for each in sweep.objective.requirements],
    }


def _method(sweep: Sweep, space: Space) -> str:
    if isinstance(space.chosen, Proposed):
        return method(sweep.objective)
    return "grid" if space.chosen is None else "random"


def _ends(axis: Axis) -> list[Any]:
    return [axis.values[0], axis.values[-1]]


def load_candles(request: Request, space: Space, bucket: Bucket) -> Candles:
    """Candles for every set: references of all of them, and no more warm-up than the shortest set needs."""
    wanted = list(request.references)
    shortest, fewest = request.strategy, math.inf
    for axis in space.axes:
        values = axis.values if len(axis.values) <= _MOST_LOOKED_AT else _ends(axis)
        for value in values:
            strategy = find(request.strategy, {axis.name: value})
            wanted += replace(request, strategy=strategy).references
    for strategy in (find(request.strategy, values) for values in space.spread(2)):
        with guarded(strategy, "warmup"):
            need = strategy.warmup()
        shortest, fewest = (strategy, need) if need < fewest else (shortest, fewest)
    loaded = feed.looking_at(replace(request, strategy=shortest), tuple(dict.fromkeys(wanted)))
    return feed.from_lake(loaded, bucket)
