"""Faults that no candle may have; the same for rows of an exchange and frames of a caller."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DESCRIPTIONS = {
    "price": "a price that is not above 0",
    "volume": "a negative volume",
    "inconsistent": "a high or low that does not contain open and close",
}
"""A description of each fault."""


def faults(
    opened: Floats, high: Floats, low: Floats, close: Floats, volume: Floats
) -> dict[str, npt.NDArray[np.bool_]]:
    """By the name of the fault, which rows have it; NaN has none."""
    return {
        "price": np.minimum.reduce([opened, high, low, close]) <= 0,
        "volume": volume < 0,
        "inconsistent": (high < np.maximum(opened, close)) | (low > np.minimum(opened, close)) | (high < low),
    }
