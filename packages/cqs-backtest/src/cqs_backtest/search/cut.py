"""Candles as they were known at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cqs_core import Candles


def until(candles: Candles, stop: int) -> Candles:
    """The candles that open before a moment, of references too, and of features what is known by the last of them."""
    cut = candles.between(0, int(np.searchsorted(candles.ts, stop)))
    seen = {
        market: reference.between(0, int(np.searchsorted(reference.ts, stop)))
        for market, reference in cut.references.items()
    }
    features = {name: one.until(int(cut.ts[-1])) for name, one in cut.features.items()}
    return cut.with_values(references=seen, features=features)
