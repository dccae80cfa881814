"""Returns by calendar month and year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cqs_core.metrics import Floats, Stamps


def monthly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by `2024-01`; the first month counts from capital.

    Args:
        days: ms UTC, ascending.
        equity: at the end of each.
        capital: before the first.
    """
    return _by_period(np.datetime_as_string(_stamps(days), unit="M"), equity, capital)


def yearly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by `2024`; likewise."""
    return _by_period(np.datetime_as_string(_stamps(days), unit="Y"), equity, capital)


def _stamps(days: Stamps) -> npt.NDArray[np.datetime64]:
    return days.astype("datetime64[ms]")


def _by_period(names: npt.NDArray[np.str_], equity: Floats, capital: float) -> dict[str, float]:
    ends = np.append(np.flatnonzero(names[1:] != names[:-1]), len(names) - 1)
    before = np.append(capital, equity[ends[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100 * (equity[ends] / before - 1)
    return dict(zip(names[ends].tolist(), change.tolist(), strict=True))
