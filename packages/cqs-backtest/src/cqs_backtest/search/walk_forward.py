"""Walk-forward: parameters are chosen on one stretch of time and tried on the next one, again and again.

What is chosen sees nothing of the stretch on which it is tried: its candles end before. Warm-up comes from before each
stretch. The tries, one after another, are what a user would have earned who had searched anew each time.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.loading.strategies import name_of
from cqs_backtest.runs.code import captured
from cqs_backtest.runs.manifest import setup
from cqs_backtest.search.executors import Workload, open_executor
from cqs_backtest.search.folder import check_same
from cqs_backtest.search.optimizer import seconds_to_propose
from cqs_backtest.search.overfitting import deflated_sharpe
from cqs_backtest.search.sets import Runner, evaluator_of, part_size, seconds_a_set
from cqs_backtest.search.shown import CURVE, SHOWN, shown
from cqs_backtest.search.space import Proposed
from cqs_backtest.search.store import ranges
from cqs_backtest.search.sweep import asked, load_candles
from cqs_backtest.search.walk_store import Try, WalkFolder, joined
from cqs_backtest.trials import merge, record, subject_of, trials
from cqs_core import UsageError, progress
from cqs_core.time.clock import iso
from cqs_core.time.intervals import DAY, next_open
from cqs_core.trading import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_backtest.search.executors import Executor
    from cqs_backtest.search.plan import Plan, Window
    from cqs_backtest.search.space import Space
    from cqs_backtest.search.sweep import Sweep
    from cqs_backtest.trials import Subject
    from cqs_core import Bucket, Candles
    from cqs_core.trading import Floats, Stamps


def walk_forward(
    sweep: Sweep,
    plan: Plan,
    bucket: Bucket,
    *,
    executor: Executor | None = None,
    resume: str = "",
    ask: Callable[[int, float], None] = lambda _sets, _seconds: None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Choose and try, window by window; every window is stored as it is done.

    Args:
        sweep: what is searched in each window.
        plan: how time is cut.
        bucket: with the lake; results go there too.
        executor: that runs the sets, which the caller closes; by default this thread.
        resume: the id of a walk-forward that was stopped.
        ask: called with how many sets will be run and how many seconds they take, before anything is written; what it
            raises ends the search.
        tell: called with the id, once it can be resumed.

    Returns:
        see the specification of `result.json`; and `equity` (`[iso time, equity]`).

    Raises:
        UsageError: not one whole window fits, or one to resume that was made under other conditions.
    """
    space = sweep.space()
    candles = load_candles(sweep.request, space, bucket)
    windows = _windows(sweep, plan, candles)
    load = Workload(sweep.request, candles, bucket, sweep.objective.metrics)
    cost = seconds_a_set(evaluator_of(load, _optimize_days(windows[0])), space)
    sets = len(space) * len(windows)
    executor = (executor or open_executor(threads=1)).suited(load, cost * sets)
    proposing = seconds_to_propose(len(space)) * len(windows) if isinstance(space.chosen, Proposed) else 0
    ask(sets, cost * sets / executor.count + proposing)
    about = _about(sweep, space, plan, candles, len(windows)) | {"part": part_size(len(space), cost, executor)}
    folder, part = _folder(sweep, bucket, about, resume)
    tell(folder.id)
    walk = _Walk(sweep, space, folder, load, executor, part)
    done = folder.tries(space)
    with progress("Walk-forward", sets, "sets") as work:
        work.advance(len(space) * len(done))
        for n, window in enumerate(windows):
            if n not in done:
                done[n] = walk.tried(n, window, work.advance)
                folder.write_try(n, done[n])
    return _finished(walk, [done[n] for n in range(len(windows))])


def _windows(sweep: Sweep, plan: Plan, candles: Candles) -> list[Window]:
    first = int(candles.ts[_first_row(sweep, candles)])
    stop = next_open(candles.interval, int(candles.ts[-1]))
    windows = plan.windows(first, stop)
    if not windows:
        need, have = plan.optimize + plan.embargo + plan.test, (stop - first) // DAY
        raise UsageError(f"there are {have} days, and one window needs {need}; give fewer days, or fetch more candles")
    return windows


def _first_row(sweep: Sweep, candles: Candles) -> int:
    return 0 if sweep.request.start is None else int(np.searchsorted(candles.ts, sweep.request.start))


def _about(sweep: Sweep, space: Space, plan: Plan, candles: Candles, windows: int) -> dict[str, Any]:
    """The manifest."""
    request = sweep.request
    traded = candles.between(_first_row(sweep, candles), len(candles.ts))
    made = setup(request, captured(request.strategy), candles, traded)
    return made | asked(sweep, space) | {"plan": asdict(plan), "windows": windows}


def _folder(sweep: Sweep, bucket: Bucket, about: dict[str, Any], resume: str) -> tuple[WalkFolder, int]:
    """Where the windows are stored, and how many sets a part has."""
    if resume:
        folder = WalkFolder.find(bucket, resume)
        made = folder.manifest()
        check_same("walk-forward", made, about)
        return folder, int(made.get("part", about["part"]))
    folder = WalkFolder.new(bucket, name_of(sweep.request.strategy))
    folder.begin(about)
    return folder, int(about["part"])


@dataclass(frozen=True, eq=False)
class _Walk:
    """What all windows share."""

    sweep: Sweep
    space: Space
    folder: WalkFolder
    load: Workload
    executor: Executor
    part: int

    def tried(self, n: int, window: Window, tell: Callable[[int], None]) -> Try:
        """Choose in a window, and try the choice."""
        cell, optimize = self._chosen(n, window, tell)
        evaluator = evaluator_of(self.load, (window.test_start, window.test_stop))
        ts = evaluator.traded.ts
        if cell is None:
            return Try(window, None, None, {}, {}, ts, np.ones(len(ts)))
        values = self.space.at(cell)
        result = evaluator.result(values)
        growth = result.execution.equity / self.load.request.costs.capital
        return Try(window, cell, values, optimize, shown(result), ts, growth)

    def _chosen(self, n: int, window: Window, tell: Callable[[int], None]) -> tuple[int | None, dict[str, float]]:
        """The cell of the best set (of equal ones the first), None where none met the requirements; and its metrics."""
        sweep, bucket, sources = self.sweep, self.folder.bucket, []
        subject = self._subject(window)
        best: tuple[float, int, dict[str, float]] = (-math.inf, 0, {})
        space = sweep.space()  # an optimizer proposes others in each window
        runner = Runner(self.executor, self.load, space, _optimize_days(window))
        for start, sets, rows in sweep.rows(runner, ranges(len(space), self.part), tell):
            sources.append(f"{self.folder.id}-{n:04d}-{start:09d}")
            whole = [self.load.request.strategy.values() | values for values in sets]
            record(bucket, subject, sources[-1], whole, rows.metrics["sharpe"])
            scores = sweep.objective.scores(rows.metrics)
            if not np.isnan(scores).all():
                k = int(np.nanargmax(scores))
                found = {name: float(rows.metrics[name][k]) for name in SHOWN}
                best = max(best, (float(scores[k]), -(start + k), found), key=lambda one: one[:2])
        merge(bucket, subject, f"{self.folder.id}-{n:04d}", sources)
        return (space.cell(-best[1]), best[2]) if best[2] else (None, {})

    def _subject(self, window: Window) -> Subject:
        """The ledger's, for the days on which parameters are chosen."""
        candles = self.load.candles
        start, stop = np.searchsorted(candles.ts, _optimize_days(window)).tolist()
        return subject_of(self.load.request, candles.between(start, stop))


def _optimize_days(window: Window) -> tuple[int, int]:
    return window.optimize_start, window.optimize_stop


def _finished(walk: _Walk, tries: Sequence[Try]) -> dict[str, Any]:
    """The result, stored."""
    ts, equity = joined(tries, walk.load.request.costs.capital)
    walk.folder.write_equity(ts, equity)
    result = _summary(walk, tries, ts, equity)
    walk.folder.write("result.json", result)
    return result | {"equity": [[iso(at), value] for at, value in zip(ts.tolist(), equity.tolist(), strict=True)]}


def _summary(walk: _Walk, tries: Sequence[Try], ts: Stamps, equity: Floats) -> dict[str, Any]:
    request, candles = walk.load.request, walk.load.candles
    capital = request.costs.capital
    daily = metrics.daily_of(ts, equity, capital, request.day_start)
    curve = metrics.curve_metrics(equity, capital, daily, metrics.years(ts, candles.interval))
    subject = subject_of(request, candles)
    counted = trials(walk.folder.bucket, replace(subject, first=tries[0].window.optimize_start, last=int(ts[-1])))
    return {
        "walk_forward": walk.folder.id,
        "windows": [each.row() for each in tries],
        "performance": {name: curve[name] for name in CURVE},
        "efficiency": _efficiency(tries),
        "consistency": float(np.mean([each.growth[-1] > 1 for each in tries])),
        "drift": _drift(walk.space, tries),
        "trials": len(counted),
        "dsr": deflated_sharpe(daily, counted.sharpes),
    }


def _efficiency(tries: Sequence[Try]) -> float:
    """Growth a day while tried over growth a day while chosen; NaN where the choices lost."""
    chosen = [each for each in tries if each.parameters is not None]
    tried = sum(math.log(max(each.growth[-1], 1e-12)) for each in chosen)
    tested = sum(each.window.test_stop - each.window.test_start for each in chosen)
    promised = sum(math.log1p(max(each.optimize["total_return"] / 100, -1 + 1e-12)) for each in chosen)
    searched = sum(each.window.optimize_stop - each.window.optimize_start for each in chosen)
    return (tried / tested) / (promised / searched) if chosen and promised > 0 else math.nan


def _drift(space: Space, tries: Sequence[Try]) -> dict[str, float]:
    """By ordered parameter with more than one value."""
    chosen = [each.parameters for each in tries if each.parameters is not None]
    found = {}
    for axis in space.axes:
        if axis.ordered and len(axis.values) > 1:
            places = [axis.values.index(values[axis.name]) for values in chosen]
            moved = float(np.mean(np.abs(np.diff(places)))) if len(places) > 1 else math.nan
            found[axis.name] = moved / (len(axis.values) - 1)
    return found
