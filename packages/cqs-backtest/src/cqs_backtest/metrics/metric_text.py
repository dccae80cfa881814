"""Metrics as text."""

from __future__ import annotations

import math


def figure(value: float | None, unit: str) -> str:
    """A metric as text; a dash if it is unknown, NaN or as it is stored."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞"
    if unit in ("#", "$"):
        return f"{value:,.0f}"
    if unit == "d":
        return f"{value:,.1f} d"
    return f"{value:,.2f}{' %' if unit else ''}"
