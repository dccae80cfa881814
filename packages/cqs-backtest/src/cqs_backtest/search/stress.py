"""Stress: the same run under worse conditions, and which of them hurts most."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_backtest import feed
from cqs_backtest.loading.strategies import find
from cqs_backtest.search.executors import open_executor
from cqs_backtest.search.shown import SHOWN, shown
from cqs_backtest.search.stress_cases import Case, cases_of
from cqs_backtest.trials import Subject, count_set, subject_of
from cqs_core import CqsError, UsageError, progress
from cqs_core.trading import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_backtest.search.executors import Bench, Executor
    from cqs_backtest.search.opened_run import OpenedRun
    from cqs_core import RunResult

_KINDS = ("fee", "slippage", "start", "symbol", "year", "parameter")
_Numbers = dict[str, float]


class Tried(NamedTuple):
    """What came of a case.

    Attributes:
        numbers: its metrics.
        error: why it could not run.
        subject: of the trial.
        values: all parameters.
    """

    numbers: _Numbers
    error: str | None = None
    subject: Subject | None = None
    values: dict[str, Any] | None = None


def stress(run: OpenedRun, *, shifts: int = 5, executor: Executor | None = None) -> dict[str, Any]:
    """The run under each condition alone.

    Args:
        run: that is tried. The trial ledger of its bucket counts other parameters and fewer symbols.
        shifts: by up to so many bars the start is moved.
        executor: that runs the cases, which the caller closes; by default this thread.

    Returns:
        `run`, `base` (its metrics), `rows` (`kind`, `case`, the same metrics, `error` of what could not run) and
        `weakest`, one sentence.
    """
    started = time.perf_counter()
    result = run.result()
    seconds, base = time.perf_counter() - started, shown(result)
    cases, load = list(cases_of(run.request, run.candles, shifts)), run.load
    executor = (executor or open_executor(threads=1)).suited(load, seconds * len(cases))
    found: dict[str, Tried] = {}
    with progress("Stress", len(cases), "runs") as work:
        for case, tried in executor.run(load, tried_on, cases):
            found[case.case] = _counted(run, case, tried)
            work.advance(1, note=case.case)
    rows = [_row(case.kind, case.case, found[case.case]) for case in cases] + list(_years(result))
    rows.sort(key=lambda row: _KINDS.index(row["kind"]))
    return {"run": run.stored.id, "base": base, "rows": rows, "weakest": _weakest(base, rows)}


def _row(kind: str, case: str, tried: Tried) -> dict[str, Any]:
    return {"kind": kind, "case": case, **tried.numbers, "error": tried.error}


def tried_on(bench: Bench, case: Case) -> Tried:
    """Run a case."""
    strategy = find(bench.request.strategy, case.parameters)
    request = replace(bench.request, strategy=strategy, **case.changes)
    try:
        candles = feed.from_lake(request, bench.bucket) if "markets" in case.changes else bench.candles
        result = request.simulated(candles)
    except UsageError as error:
        return Tried(dict.fromkeys(SHOWN, math.nan), str(error))
    return Tried(shown(result), None, subject_of(request, result.candles), strategy.values())


def _counted(run: OpenedRun, case: Case, tried: Tried) -> Tried:
    """A set that a user may choose by its metrics is a trial, where the bucket can be written."""
    if case.counts and tried.subject is not None and tried.values is not None:
        with suppress(CqsError):
            count_set(run.bucket, tried.subject, tried.values, tried.numbers["sharpe"])
    return tried


def _years(result: RunResult) -> Iterator[dict[str, Any]]:
    """The run's own days without those of a year, joined."""
    years = result.daily.days.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + 1970
    for year in sorted(set(years.tolist())) if len(set(years.tolist())) > 1 else ():
        yield _row("year", f"without {year}", Tried(_of_days(result.daily.part(years != year))))


def _of_days(daily: metrics.Daily) -> _Numbers:
    span, growth = len(daily.days) / metrics.YEAR_DAYS, np.cumprod(1 + daily.returns, dtype=np.float64)
    found = metrics.curve_metrics(growth, 1.0, daily, span) | {"num_trades": math.nan}
    return {name: found[name] for name in SHOWN}


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
