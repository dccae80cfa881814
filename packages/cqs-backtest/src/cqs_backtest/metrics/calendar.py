"""Returns by calendar month and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from cqs_core.trading.metrics import Floats, Stamps


def monthly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by `2024-01`, the month of the local date; the first month counts from capital.

    Args:
        days: starts of days, ms UTC, ascending; a day that starts after 12:00 UTC has the next day's local date.
        equity: at the end of each.
        capital: before the first.
    """
    return _named(days, equity, capital, "M")


def yearly_returns(days: Stamps, equity: Floats, capital: float) -> dict[str, float]:
    """Percent by year, `2024`."""
    return _named(days, equity, capital, "Y")


def period_returns(days: Stamps, equity: Floats, capital: float, unit: Literal["M", "Y"]) -> tuple[Stamps, Floats]:
    """The last row of each month or year, and the return in percent."""
    period = _dates(days).astype(f"datetime64[{unit}]").astype(np.int64)
    ends = np.append(np.flatnonzero(period[1:] != period[:-1]), len(period) - 1)
    before = np.append(capital, equity[ends[:-1]])
    with np.errstate(over="ignore"):
        change: Floats = 100 * (np.divide(equity[ends], before, out=np.ones(len(ends)), where=before > 0) - 1)
    return ends, np.where(np.isfinite(change), change, np.nan)


def _named(days: Stamps, equity: Floats, capital: float, unit: Literal["M", "Y"]) -> dict[str, float]:
    ends, change = period_returns(days, equity, capital, unit)
    names = np.datetime_as_string(_dates(days[ends]).astype(f"datetime64[{unit}]"))
    return dict(zip(names.tolist(), change.tolist(), strict=True))


def _dates(days: Stamps) -> npt.NDArray[np.datetime64]:
    """Local dates: of the time zone in which these days start at midnight."""
    ahead = np.where(days % DAY > DAY // 2, DAY - days % DAY, 0)
    return (days + ahead).astype("datetime64[ms]").astype("datetime64[D]")
