"""Returns by calendar month and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from cqs_core.metrics import Floats, Stamps


def monthly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by `2024-01`; the first month counts from capital.

    Args:
        days: ms UTC, ascending.
        equity: at the end of each.
        capital: before the first.
    """
    return _named(days, equity, capital, "M")


def yearly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by `2024`; likewise."""
    return _named(days, equity, capital, "Y")


def period_returns(days: Stamps, equity: Floats, capital: float, unit: Literal["M", "Y"]) -> tuple[Stamps, Floats]:
    """The last row of each month or year, and the return in percent."""
    period = days.astype("datetime64[ms]").astype(f"datetime64[{unit}]").astype(np.int64)
    ends = np.append(np.flatnonzero(period[1:] != period[:-1]), len(period) - 1)
    before = np.append(capital, equity[ends[:-1]])
    return ends, 100 * (equity[ends] / before - 1)


def _named(days: Stamps, equity: Floats, capital: float, unit: Literal["M", "Y"]) -> dict[str, float]:
    ends, change = period_returns(days, equity, capital, unit)
    names = np.datetime_as_string(days[ends].astype("datetime64[ms]"), unit=unit)
    return dict(zip(names.tolist(), change.tolist(), strict=True))
