"""The summary of a search: the best set, the best plateau, and how much of it may be luck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.metrics.plateau import neighborhood
from cqs_backtest.search.overfitting import deflated_by, overfitting
from cqs_backtest.search.pareto import pareto
from cqs_backtest.search.store import column_of
from cqs_backtest.trials import subject_of, trials
from cqs_core import UsageError
from cqs_core.trading.metrics import ANNUAL

if TYPE_CHECKING:
    from cqs_backtest.search.sweep import SweepJob
    from cqs_backtest.trials import Trials
    from cqs_core.trading import Floats
    from cqs_core.trading.metrics import Daily

_MOST_CELLS = 5_000_000  # of a grid whose neighborhoods are looked at: 8 bytes each
_MOST_SAMPLED = 200
_MOST_SHOWN = 500  # of a Pareto set


def judged(job: SweepJob) -> dict[str, Any]:
    """The result of a search whose rows are stored; see the specification of `result.json`.

    Raises:
        UsageError: not one set could run.
    """
    table, failed, first_error = _scores(job)
    scores = table[:, 0]
    if failed == len(job.space):
        raise UsageError(f"none of {failed:,} sets could run; the first one: {first_error}")
    best = None if np.isnan(scores).all() else int(np.nanargmax(scores))
    counted = trials(job.bucket, subject_of(job.request, job.evaluator.traded))
    result: dict[str, Any] = {
        "sweep": job.folder.id,
        "rows": len(job.space),
        "failed": failed,
        "first_error": first_error,
        "objective": job.sweep.objective.metric,
        "objectives": list(job.sweep.objective.goals),
        "requirements": [str(each) for each in job.sweep.objective.requirements],
        "best": None if best is None else _row(job, best, counted),
        "plateau": _plateau(job, scores, counted),
        "pareto": _pareto(job, table, counted),
        "trials": len(counted),
        "luck_sharpe": counted.by_luck,
        "table": job.folder.table,
    }
    return result | _luck(job, best, result["best"]) | {"badges": None if best is None else _badges(job, best)}


def _scores(job: SweepJob) -> tuple[Floats, int, str | None]:
    """(N, M): by set and objective; how many could not run, and why the first of them."""
    scores = np.full((len(job.space), len(job.sweep.objective.goals)), np.nan)
    failed, first_error = 0, None
    for start, table in job.folder.tables():
        metrics = {name: np.asarray(table[name], np.float64) for name in job.sweep.objective.metrics}
        scores[start : start + table.num_rows] = job.sweep.objective.all_scores(metrics)
        errors = table["error"]
        if missing := table.num_rows - errors.null_count:
            first_error = first_error or next(text for text in errors.to_pylist() if text)
            failed += missing
    return scores, failed, first_error


def _row(job: SweepJob, number: int, counted: Trials) -> dict[str, Any]:
    """All parameters and metrics of a set, and its deflated Sharpe ratio."""
    values = job.space.at(job.space.cell(number))
    metrics = job.evaluator.rows([values]).metrics
    found = {column_of(name): value for name, value in (job.request.strategy.values() | values).items()}
    dsr = deflated_by(job.evaluator.daily(values), counted.by_luck / ANNUAL)
    return {"set": number, **found, **{name: float(value[0]) for name, value in metrics.items()}, "dsr": dsr}


def _plateau(job: SweepJob, scores: Floats, counted: Trials) -> dict[str, Any] | None:
    """The set with the best neighborhood; None for a random search, whose sets have no neighbors."""
    space = job.space
    if space.chosen is not None or len(space) > _MOST_CELLS or np.isnan(scores).all():
        return None
    means = neighborhood(scores.reshape(space.shape), tuple(axis.ordered for axis in space.axes)).reshape(-1)
    if np.isnan(means).all():
        return None
    number = int(np.nanargmax(means))
    return {
        **_row(job, number, counted),
        "mean": float(-means[number] if job.sweep.objective.lower_is_better else means[number]),
    }


def _pareto(job: SweepJob, scores: Floats, counted: Trials) -> list[dict[str, Any]] | None:
    """Sets that no other one beats, best first by the first objective; None with one objective."""
    if scores.shape[1] < 2:
        return None
    return [_row(job, int(number), counted) for number in pareto(scores)[:_MOST_SHOWN]]


def _luck(job: SweepJob, best: int | None, row: dict[str, Any] | None) -> dict[str, Any]:
    """`dsr`, `pbo`, and of how many sets the latter is made."""
    if best is None or row is None:
        return {"dsr": None, "pbo": None, "pbo_sets": 0}
    chance, used = overfitting(_sampled(job, best))
    return {"dsr": row["dsr"], "pbo": chance, "pbo_sets": used}


def _sampled(job: SweepJob, best: int) -> list[Daily]:
    """Daily returns of the best set and others at random: so many that memory does not grow with the search."""
    size = min(_MOST_SAMPLED, len(job.space))
    numbers = {best, *np.random.default_rng(0).choice(len(job.space), size, replace=False).tolist()}
    found = []
    for number in sorted(numbers):
        try:
            found.append(job.evaluator.daily(job.space.at(job.space.cell(number))))
        except UsageError:
            continue  # it could not run; its row says why
    return found


def _badges(job: SweepJob, best: int) -> dict[str, Any]:
    values = job.space.at(job.space.cell(best))
    metrics = job.evaluator.rows([values]).metrics
    return job.checked(values, {name: float(value[0]) for name, value in metrics.items()})
