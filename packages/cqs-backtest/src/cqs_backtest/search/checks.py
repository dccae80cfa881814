"""A quick look at orders: whether they are fine for certain. Where they may not be, `Orders.aligned` decides."""

from __future__ import annotations

import math
from typing import Any

from cqs_backtest.compiled import compiled


@compiled()
def within(values: Any, low: float, high: float) -> bool:
    """Whether all values are NaN or between, both ends included."""
    wrong = False
    for value in values:
        wrong |= (value < low) | (value > high)
    return not wrong


@compiled()
def any_both(one: Any, other: Any, rows: int, one_step: int, other_step: int) -> bool:
    """Whether two fields are true in one cell."""
    both = False
    for i in range(rows):
        both |= one[i * one_step] & other[i * other_step]
    return both


@compiled()
def any_nan(values: Any) -> bool:
    """Whether a value is missing."""
    found = False
    for value in values:
        found |= math.isnan(value)
    return found
