"""Fewer points of a curve that show the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MOST = 3_000  # points that are sent; what lies between is kept by its extremes


def thinned(values: npt.NDArray[np.float64], most: int = _MOST) -> npt.NDArray[np.intp]:
    """Places of at most some `most` points: the lowest and the highest of each stretch, first and last."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    width = -(-n * 2 // most)
    starts = np.arange(0, n, width)
    lows = [s + int(np.argmin(values[s : s + width])) for s in starts]
    highs = [s + int(np.argmax(values[s : s + width])) for s in starts]
    return np.unique(np.array([0, n - 1, *lows, *highs]))
