"""All metrics of a run, and rolling values of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.metrics.evidence import Evidence

if TYPE_CHECKING:
    from cqs_core import RunResult
    from cqs_core.trading.metrics import Daily, Floats


def statistics(result: RunResult, benchmark: Floats | None = None) -> dict[str, float]:
    """By name, in the order in which they are shown; see `cqs_backtest.metrics.conventions` for units. Unknown is NaN.

    Args:
        result: of the run.
        benchmark: (T,) equity to compare with; its own symbols, bought and held in equal weights, by default.
    """
    evidence = Evidence(result, benchmark)
    with np.errstate(all="ignore"):
        return {name: evidence.value(metric) for name, metric in CONVENTIONS.items()}


def rolled(name: str, daily: Daily, window: int) -> Floats:
    """(D,): a metric of daily returns over the last `window` days; NaN before there are that many.

    Raises:
        KeyError: the metric is not computed from daily returns.
    """
    days = len(daily.days)
    out = np.full(days, np.nan)
    metric = CONVENTIONS[name]
    with np.errstate(all="ignore"):
        for stop in range(window, days + 1):
            out[stop - 1] = Evidence(None, daily=daily.part(slice(stop - window, stop))).value(metric)
    return out
