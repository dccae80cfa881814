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
def mean(values: Floats, n: int) -> Floats:
    """Mean of the last `n`: the window is summed anew, so nothing drifts and nothing depends on what came before."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    ring = np.empty(n)
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                ring[seen % n] = value
                seen += 1
                if seen >= n:
                    total = 0.0
                    for i in range(n):
                        total += ring[(seen + i) % n]
                    last = total / n
            out[t, s] = last
    return out


@compiled()
def deviation(values: Floats, n: int) -> Floats:
    """Population standard deviation of the last `n`."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    ring = np.empty(n)
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                ring[seen % n] = value
                seen += 1
                if seen >= n:
                    centre = ring.mean()
                    last = np.sqrt(((ring - centre) ** 2).mean())
            out[t, s] = last
    return out


@compiled()
def ewm(values: Floats, alpha: float, n: int) -> Floats:
    """Exponentially weighted mean, started at the first value; NaN until there are `n`."""
    rows, columns = values.shape
    out = np.empty((rows, columns))
    for s in range(columns):
        seen = 0
        last = np.nan
        for t in range(rows):
            value = values[t, s]
            if not math.isnan(value):
                last = value if seen == 0 else alpha * value + (1 - alpha) * last
                seen += 1
            out[t, s] = last if seen >= n else np.nan
    return out
