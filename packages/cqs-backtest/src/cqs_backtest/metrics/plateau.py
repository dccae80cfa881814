"""Plateaus: how good the neighborhood of each set is. A lonely peak is luck more often than a broad hill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cqs_core.trading import Floats


def neighborhood(scores: Floats, ordered: tuple[bool, ...]) -> Floats:
    """The mean score of each cell and those one step away, along every ordered axis at once; NaN below half of them.

    Args:
        scores: one axis a parameter; NaN is a set that cannot be chosen.
        ordered: whether values of that parameter have neighbors; choices have none.
    """
    known = ~np.isnan(scores)
    total, count, cells = np.where(known, scores, 0.0), known.astype(np.float64), np.ones(scores.shape)
    for axis, near in enumerate(ordered):
        if near:
            total, count, cells = (_with_neighbors(values, axis) for values in (total, count, cells))
    enough = (2 * count >= cells) & known
    return np.where(enough, total / np.where(count > 0, count, 1), np.nan)


def _with_neighbors(values: Floats, axis: int) -> Floats:
    """Each cell plus the one before and the one after."""
    moved = np.moveaxis(values, axis, 0)
    found = moved.copy()
    found[1:] += moved[:-1]
    found[:-1] += moved[1:]
    return np.moveaxis(found, 0, axis)
