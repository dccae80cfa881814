"""Chance that repeats: numbers drawn by hashing a seed with a counter, the same on every machine and in any order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def uniform(seed: int, n: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1), one a counter (splitmix64)."""
    x = n.astype(np.uint64) * np.uint64(0xD1342543DE82EF95) + np.uint64(seed * _GOLDEN & _MASK)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return np.asarray((x >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def bell(seed: int, n: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Numbers of mean 0 and variance 1, bell-shaped within ±3.5: four uniform ones summed."""
    total = sum(uniform(seed * 4 + i, n) for i in range(4))
    return np.asarray((total - 2.0) * np.sqrt(3.0))
