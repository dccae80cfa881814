"""Growth and drawdowns of an equity curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time.intervals import DAY, next_open
from cqs_core.trading.metrics.daily_metrics import YEAR_DAYS

if TYPE_CHECKING:
    from cqs_core.trading.candles import Floats, Stamps

SHORTEST = 30 / YEAR_DAYS
"""Years below which nothing is said of a year: it would be extrapolated from days."""
_LARGEST_POWER = 700.0  # growth above e to this power is unknown: floats end there


def peaks(values: Floats, start: float) -> Floats:
    """The highest value up to each point of the last axis, `start` included."""
    return np.maximum(np.maximum.accumulate(values, axis=-1), start)


def drawdowns(equity: Floats, capital: float) -> Floats:
    """Fraction (<= 0) by which each point is below the highest one so far, capital included."""
    return equity / peaks(equity, capital) - 1


def max_drawdown(equity: Floats, capital: float) -> Floats:
    """The deepest of the drawdowns along the last axis, a fraction of at most 0.

    >>> max_drawdown(np.array([[1.0, 0.5, 2.0, 1.5], [2.0, 3.0, 4.0, 5.0]]), 1.0)
    array([-0.5,  0. ])
    """
    deepest: Floats = np.minimum(np.min(drawdowns(equity, capital), axis=-1), 0.0)
    return deepest


def years(ts: Stamps, interval: str) -> float:
    """Years of 365 days from the first bar's open to the last one's close."""
    return float(next_open(interval, int(ts[-1])) - ts[0]) / (YEAR_DAYS * DAY)


def growth(final: float, capital: float, span: float) -> float:
    """Compound annual growth as a fraction; `span` in years, and NaN below 30 days."""
    if span < SHORTEST:
        return float("nan")
    if final <= 0:
        return -1.0
    power = (math.log(final) - math.log(capital)) / span
    return math.expm1(power) if power < _LARGEST_POWER else float("nan")
