"""Walk-forward: parameters are chosen on one stretch of time and tried on the next one, again and again.

What is chosen sees nothing of the stretch on which it is tried: its candles end before. Warm-up comes from before each
stretch. The tries, one after another, are what a user would have earned who had searched anew each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.search.evaluator import Evaluator
from cqs_backtest.search.execution import Executor
from cqs_backtest.search.overfitting import deflated_sharpe
from cqs_backtest.search.shown import CURVE, SHOWN, shown
from cqs_backtest.search.store import ranges
from cqs_backtest.search.sweep import load_candles
from cqs_backtest.trials import record, subject_of, trials
from cqs_core import UsageError, progress
from cqs_core.time.clock import iso
from cqs_core.time.intervals import DAY, next_open
from cqs_core.trading import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.search.space import Space
    from cqs_backtest.search.sweep import Sweep
    from cqs_core import Bucket, Candles
    from cqs_core.trading import Floats, Stamps

_PART = 500


@dataclass(frozen=True)
class Plan:
    """How time is cut, in days.

    Attributes:
        optimize: on which parameters are chosen.
        test: on which the choice is tried, after it.
        step: from one test to the next; by default as long as the test.
        embargo: left out between the two.
        anchored: whether all choices begin with the first bar; else the stretch moves along.
    """

    optimize: int
    test: int
    step: int | None = None
    embargo: int = 0
    anchored: bool = False

    def __post_init__(self) -> None:
        step = self.test if self.step is None else self.step
        if min(self.optimize, self.test) < 1 or self.embargo < 0:
            raise UsageError("optimize and test days must be 1 or more, embargo days 0 or more")
        if step < self.test:
            fact = f"a step of {step} days is shorter than the test of {self.test}"
            raise UsageError(f"{fact}: days would count twice; give --step-days {self.test} or more")

    def windows(self, first: int, stop: int) -> list[Window]:
        """All whole windows between two moments, ms UTC, `stop` exclusive."""
        found: list[Window] = []
        begin = first
        while True:
            anchor = first if self.anchored else begin
            test = begin + (self.optimize + self.embargo) * DAY
            if test + self.test * DAY > stop:
                return found
            found.append(Window(anchor, begin + self.optimize * DAY, test, test + self.test * DAY))
            begin += (self.test if self.step is None else self.step) * DAY


@dataclass(frozen=True)
class Window:
    """One choice and its try: half-open ranges in ms UTC."""

    optimize_start: int
    optimize_stop: int
    test_start: int
    test_stop: int


def walk_forward(sweep: Sweep, plan: Plan, bucket: Bucket, *, threads: int | None = None) -> dict[str, Any]:
    """Choose and try, window by window.

    Returns:
        `windows` (dates, `parameters` chosen or null, `optimize` and `test` metrics), `performance` of all tries one
        after another (`total_return`, `cagr`, `mdd` in percent, `sharpe`), `efficiency` (growth a day while tried over
        that while chosen), `consistency` (share of tries that earned), `drift` (by parameter, the mean move from one
        choice to the next as a share of its range), `trials`, `dsr`, `equity` (`[iso time, equity]`).

    Raises:
        UsageError: not one whole window fits.
    """
    space = sweep.space()
    candles = load_candles(sweep.request, space, bucket)
    first = int(candles.ts[0]) if sweep.request.start is None else sweep.request.start
    first = int(candles.ts[np.searchsorted(candles.ts, first)])
    stop = next_open(candles.interval, int(candles.ts[-1]))
    windows = plan.windows(first, stop)
    if not windows:
        need, have = plan.optimize + plan.embargo + plan.test, (stop - first) // DAY
        raise UsageError(f"there are {have} days, and one window needs {need}; give fewer days, or fetch more candles")
    with progress("Walk-forward", len(space) * len(windows), "sets") as work:
        tries = [_try(sweep, space, candles, window, bucket, threads, work.advance) for window in windows]
    return _summary(sweep, space, tries, candles, bucket)


@dataclass(frozen=True, eq=False)
class Try:
    """What came of one window.

    Attributes:
        window: its dates.
        parameters: chosen; None where no set met the requirements, and cash was held.
        optimize: metrics of that set while it was chosen.
        test: metrics while it was tried.
        ts: (T,) opens of the bars of the try.
        growth: (T,) equity at their closes, over capital.
    """

    window: Window
    parameters: dict[str, Any] | None
    optimize: dict[str, float]
    test: dict[str, float]
    ts: Stamps
    growth: Floats


def _try(
    sweep: Sweep, space: Space, candles: Candles, window: Window, bucket: Bucket, threads: int | None, tell: Any
) -> Try:
    request = replace(sweep.request, start=window.optimize_start)
    executor = Executor(request, until(candles, window.optimize_stop), sweep.objective.metrics, threads)
    best, score = None, -math.inf
    subject = subject_of(request, executor.first.traded)
    for start, sets, rows in executor.run(space, ranges(len(space), _PART), tell):
        whole = [request.strategy.values() | values for values in sets]
        source = f"walk-{window.test_start}-{sweep.seed}-{start:09d}"
        record(bucket, subject, source, whole, rows.metrics["sharpe"])
        scores = sweep.objective.scores(rows.metrics)
        if not np.isnan(scores).all() and np.nanmax(scores) > score:
            k = int(np.nanargmax(scores))
            best, score = (sets[k], {name: float(rows.metrics[name][k]) for name in SHOWN}), float(scores[k])
    tried = replace(sweep.request, start=window.test_start)
    evaluator = Evaluator(tried, until(candles, window.test_stop))
    ts = evaluator.traded.ts
    if best is None:
        return Try(window, None, {}, {}, ts, np.ones(len(ts)))
    result = evaluator.result(best[0])
    return Try(window, best[0], best[1], shown(result), ts, result.execution.equity / request.costs.capital)


def until(candles: Candles, stop: int) -> Candles:
    """The candles that open before a moment, of references too, and of features what is known by the last of them."""
    cut = candles.between(0, int(np.searchsorted(candles.ts, stop)))
    seen = {
        market: reference.between(0, int(np.searchsorted(reference.ts, stop)))
        for market, reference in cut.references.items()
    }
    features = {name: one.until(int(cut.ts[-1])) for name, one in cut.features.items()}
    return cut.with_values(references=seen, features=features)


def _summary(sweep: Sweep, space: Space, tries: Sequence[Try], candles: Candles, bucket: Bucket) -> dict[str, Any]:
    capital = sweep.request.costs.capital
    ts, equity = joined(tries, capital)
    daily = metrics.returns(metrics.daily_equity(ts, equity, sweep.request.day_start)[1], capital)
    curve = metrics.curve_metrics(equity, capital, daily, metrics.years(ts, candles.interval))
    strategy = subject_of(sweep.request, candles)
    counted = trials(bucket, replace(strategy, first=tries[0].window.optimize_start, last=int(ts[-1])))
    return {
        "windows": [_row(each) for each in tries],
        "performance": {name: curve[name] for name in CURVE},
        "efficiency": _efficiency(tries),
        "consistency": float(np.mean([each.growth[-1] > 1 for each in tries])),
        "drift": _drift(space, tries),
        "trials": len(counted),
        "dsr": deflated_sharpe(daily, counted.sharpes),
        "equity": [[iso(at), value] for at, value in zip(ts.tolist(), equity.tolist(), strict=True)],
    }


def joined(tries: Sequence[Try], capital: float) -> tuple[Stamps, Floats]:
    """Stamps and equity of all tries, each going on with what the one before left."""
    parts = []
    for each in tries:
        parts.append(capital * each.growth)
        capital = float(parts[-1][-1])
    return np.concatenate([each.ts for each in tries]), np.concatenate(parts)


def _row(one: Try) -> dict[str, Any]:
    dates = {name: iso(value) for name, value in vars(one.window).items()}
    return dates | {"parameters": one.parameters, "optimize": one.optimize or None, "test": one.test or None}


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
