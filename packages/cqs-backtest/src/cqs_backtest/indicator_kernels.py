"""Loops over one column's own candles: NaN is a missing bar, skipped, and the last value is carried on.

Each takes values (T, S) and returns the same shape: row *t* is the value after bar *t*.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cqs_backtest.compiled import compiled

Floats = npt.NDArray[np.float64]


@compiled()
def lag(values: Floats, n: int) -> Floats:
    """The value `n` candles ago."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    ring = np.empty(n + 1)
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                ring[seen % (n + 1)] = value
                seen += 1
                if seen > n:
                    last = ring[(seen - 1 - n) % (n + 1)]
            out[t, s] = last
    return out


@compiled()
def _mean_of(ring: Floats) -> float:
    """The mean as if computed exactly and rounded once: equal prices have themselves as mean, down to the last bit."""
    n = len(ring)
    total, lost = 0.0, 0.0
    for value in ring:  # Neumaier's sum
        more = total + value
        lost += (total - more) + value if abs(total) >= abs(value) else (value - more) + total
        total = more
    whole = (total + lost) / n
    high = whole * 134217729.0  # Dekker's split, 2 ** 27 + 1: both parts times n are exact
    high = high - (high - whole)
    return whole + (((total - high * n) - (whole - high) * n) + lost) / n


@compiled()
def mean(values: Floats, n: int) -> Floats:
    """Mean of the last `n` values."""
    return _windowed(values, n, False)


@compiled()
def deviation(values: Floats, n: int) -> Floats:
    """Population standard deviation of the last `n` values; 0 if they are equal."""
    return _windowed(values, n, True)


@compiled()
def _windowed(values: Floats, n: int, spread: bool) -> Floats:
    """Each window is summed from scratch, so rounding errors do not add up and older values have no influence."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    ring, squares = np.empty(n), np.empty(n)
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                ring[seen % n] = value
                seen += 1
                if seen >= n:
                    last = _deviation_of(ring, squares) if spread else _mean_of(ring)
            out[t, s] = last
    return out


@compiled()
def _deviation_of(ring: Floats, squares: Floats) -> float:
    center = _mean_of(ring)
    for i in range(len(ring)):
        squares[i] = (ring[i] - center) ** 2
    return math.sqrt(_mean_of(squares))


@compiled()
def ewm(values: Floats, alpha: float, n: int) -> Floats:
    """Exponentially weighted mean, started at the first value; NaN until there are `n`. An equal value leaves it."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                last = value if seen == 0 else last + alpha * (value - last)
                seen += 1
            out[t, s] = last if seen >= n else np.nan
    return out


@compiled()
def extreme(values: Floats, n: int, sign: float) -> Floats:
    """The largest of the last `n` (`sign` 1), or the smallest (-1); looked for anew when the one that was falls out."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    ring = np.empty(n)
    for s in range(columns):
        seen, best = 0, -np.inf
        last = np.nan
        for t in range(rows):
            value = sign * values[t, s]
            if not math.isnan(value):
                gone = ring[seen % n] if seen >= n else -np.inf
                ring[seen % n] = value
                seen += 1
                if value >= best:
                    best = value
                elif gone == best:
                    best = ring[: min(seen, n)].max()
                if seen >= n:
                    last = sign * best
            out[t, s] = last
    return out
