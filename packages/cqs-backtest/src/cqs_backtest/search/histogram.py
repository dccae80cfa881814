"""How many samples of a test lie where: small enough to be stored with its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cqs_core.trading import Floats

_BARS = 40


def histogram(values: Floats) -> dict[str, list[float]] | None:
    """Counts of bars of equal width.

    Args:
        values: (N,); what is not finite is left out.

    Returns:
        `edges` (one more than bars) and `counts`; None where no value is known.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    counts, edges = np.histogram(known, bins=_BARS)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
