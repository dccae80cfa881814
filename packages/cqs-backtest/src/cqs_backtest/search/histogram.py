"""How many samples of a test lie where: small enough to be stored with its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cqs_core.trading import Floats

_BARS = 40
_ROUNDING = 1e-9


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
    low, high = float(known.min()), float(known.max())
    if high - low <= _ROUNDING * max(1.0, abs(low), abs(high)):  # such as the ends of the same trades in another order
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(known, bins=_BARS, range=(low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}
