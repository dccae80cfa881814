"""Fewer points of a curve that show the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MOST = 3_000  # points that are sent; what lies between is kept by its extremes


def thinned(values: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Places of at most some 3,000 points: the lowest and the highest of each stretch, first and last."""
    n = len(values)
    if n <= _MOST:
        return np.arange(n)
    width = -(-n * 2 // _MOST)
    starts = np.arange(0, n, width)
    lows = [s + int(np.argmin(values[s : s + width])) for s in starts]
    highs = [s + int(np.argmax(values[s : s + width])) for s in starts]
    return np.unique(np.array([0, n - 1, *lows, *highs]))
