"""Stress: the same run under worse conditions, and which of them hurts most."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import param

from cqs_backtest import feed
from cqs_backtest.loading.strategies import find
from cqs_backtest.search.shown import SHOWN, shown
from cqs_backtest.trials import count
from cqs_core import CqsError, UsageError, progress
from cqs_core.trading import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cqs_backtest.request import Request
    from cqs_backtest.search.opened_run import OpenedRun
    from cqs_core import Bucket, RunResult

_FEES = (2, 3, 4, 5)
_SLIPPAGES = (2, 3, 5, 10)
_Numbers = dict[str, float]
_Case = tuple[str, str, "Callable[[], _Numbers]"]


def stress(run: OpenedRun, bucket: Bucket, *, shifts: int = 5) -> dict[str, Any]:
    """The run under each condition alone.

    Args:
        run: that is tried.
        bucket: with the lake, for fewer symbols. Its trial ledger counts other parameters and fewer symbols.
        shifts: by up to so many bars the start is moved.

    Returns:
        `run`, `base` (its metrics), `rows` (`kind`, `case`, the same metrics, `error` of what could not run) and
        `weakest`, one sentence.
    """
    result = run.result()
    base = shown(result)
    cases = [*_costs(run), *_starts(run, shifts), *_symbols(run, bucket), *_years(result), *_steps(run, bucket)]
    rows = []
    with progress("Stress", len(cases), "runs") as work:
        for kind, case, make in cases:
            rows.append({"kind": kind, "case": case, **_tried(make)})
            work.advance(1, note=case)
    return {"run": run.stored.id, "base": base, "rows": rows, "weakest": _weakest(base, rows)}


def _tried(make: Callable[[], _Numbers]) -> dict[str, Any]:
    try:
        return {**make(), "error": None}
    except UsageError as error:
        return {**dict.fromkeys(SHOWN, math.nan), "error": str(error)}


def _costs(run: OpenedRun) -> Iterator[_Case]:
    costs = run.request.costs
    for name, fact, factors in (("fee", "fee", _FEES), ("slip", "slippage", _SLIPPAGES)):
        value = getattr(costs, name)
        for factor in factors if value > 0 else ():
            worse = {name: min(value * factor, 0.99)}
            yield fact, f"{fact} x {factor}", _run(run, costs=replace(costs, **worse))


def _starts(run: OpenedRun, shifts: int) -> Iterator[_Case]:
    ts = run.candles.ts
    first = 0 if run.request.start is None else int(np.searchsorted(ts, run.request.start))
    for bars in range(1, min(shifts, len(ts) - first - 1) + 1):
        later = int(ts[first + bars])
        yield "start", f"start {bars} {'bar' if bars == 1 else 'bars'} later", _run(run, start=later)


def _symbols(run: OpenedRun, bucket: Bucket) -> Iterator[_Case]:
    markets = run.request.markets
    for market in markets if len(markets) > 1 else ():
        fewer = replace(run.request, markets=tuple(each for each in markets if each != market), allow_stale=True)

        def make(fewer: Request = fewer) -> _Numbers:
            return _counted(run.result(fewer, feed.from_lake(fewer, bucket)), fewer, bucket)

        yield "symbol", f"without {market}", make


def _years(result: RunResult) -> Iterator[_Case]:
    """The run's own days without those of a year, joined."""
    years = result.daily.days.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + 1970
    for year in sorted(set(years.tolist())) if len(set(years.tolist())) > 1 else ():

        def make(kept: Any = years != year) -> _Numbers:
            return _of_days(result.daily.part(kept))

        yield "year", f"without {year}", make


def _of_days(daily: metrics.Daily) -> _Numbers:
    span, growth = len(daily.days) / metrics.YEAR_DAYS, np.cumprod(1 + daily.returns, dtype=np.float64)
    found = metrics.curve_metrics(growth, 1.0, daily, span) | {"num_trades": math.nan}
    return {name: found[name] for name in SHOWN}


def _steps(run: OpenedRun, bucket: Bucket) -> Iterator[_Case]:
    strategy = run.request.strategy
    for name, parameter in type(strategy).parameters().items():
        step = getattr(parameter, "step", None) or (1 if isinstance(parameter, param.Integer) else None)
        if not isinstance(parameter, param.Number) or step is None:
            continue
        low, high = parameter.bounds or (None, None)
        for moved in (getattr(strategy, name) - step, getattr(strategy, name) + step):
            value = moved if isinstance(parameter, param.Integer) else round(moved, 12)
            if (low is None or value >= low) and (high is None or value <= high):
                moved_by_one = replace(run.request, strategy=find(strategy, {name: value}))

                def make(other: Request = moved_by_one) -> _Numbers:
                    return _counted(run.result(other), other, bucket)

                yield "parameter", f"{name}={value:g}", make


def _counted(result: RunResult, request: Request, bucket: Bucket) -> _Numbers:
    """The metrics of a set that a user may choose by them: it is a trial, where the bucket can be written."""
    with suppress(CqsError):
        count(bucket, request, result.candles, result.performance["sharpe"])
    return shown(result)


def _run(run: OpenedRun, **changes: Any) -> Callable[[], _Numbers]:
    return lambda: shown(run.result(replace(run.request, **changes)))


def _weakest(base: _Numbers, rows: list[dict[str, Any]]) -> str:
    """What costs most Sharpe."""
    known = [row for row in rows if not math.isnan(row["sharpe"])]
    if not known or math.isnan(base["sharpe"]):
        return "the run has no Sharpe that could fall"
    worst = min(known, key=lambda row: row["sharpe"])
    if worst["sharpe"] >= base["sharpe"]:
        return f"nothing tried makes it worse than Sharpe {base['sharpe']:.2f}"
    fact = f"with {worst['case']} Sharpe falls from {base['sharpe']:.2f} to {worst['sharpe']:.2f}"
    broken = sum(row["total_return"] <= 0 < base["total_return"] for row in known)
    return f"{fact}, and {broken} of {len(known)} cases turn the gain into a loss" if broken else fact
