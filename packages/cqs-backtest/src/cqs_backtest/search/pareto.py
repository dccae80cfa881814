"""The Pareto set: the sets that no other one beats in one objective without losing in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_core.trading import Floats


def pareto(scores: Floats) -> npt.NDArray[np.int64]:
    """Rows that no other row beats, best first by the first column; of equal ones the first alone.

    Args:
        scores: (K, M), higher is better; rows with NaN cannot be chosen.
    """
    known = np.flatnonzero(~np.isnan(scores).any(axis=1))
    order = known[np.lexsort(-scores[known].T[::-1])]  # whatever beats a row comes before it
    kept: list[int] = []
    front = np.empty((0, scores.shape[1]))
    for row in order:
        if not (front >= scores[row]).all(axis=1).any():
            kept.append(int(row))
            front = np.vstack([front, scores[row]])
    return np.array(kept, np.int64)
