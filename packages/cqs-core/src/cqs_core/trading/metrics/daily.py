"""Returns by day: what daily metrics are computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from cqs_core.trading.candles import Floats, Stamps


class Daily(NamedTuple):
    """The returns of a run by day, from the first bar's day to the last one's. Compiled code takes it as it is.

    Attributes:
        days: (D,) their starts, ms UTC.
        returns: (D,) fractions; the first one counts from capital, and a day without a bar has 0.
        has_bar: (D,) whether a bar opens on that day.
    """

    days: Stamps
    returns: Floats
    has_bar: npt.NDArray[np.bool_]

    def part(self, rows: Any) -> Daily:
        """Some of the days: a slice, a mask (D,), or row numbers, which may repeat."""
        return Daily(self.days[rows], self.returns[rows], self.has_bar[rows])


def daily_of(ts: Stamps, equity: Floats, capital: float, day_start: int = 0) -> Daily:
    """The daily returns of a curve.

    Args:
        ts: (T,) opens of the bars, ms UTC, increasing.
        equity: (T,) at their closes.
        capital: before the first.
        day_start: ms after 00:00 UTC at which a day begins.
    """
    days, rows = last_rows(ts, day_start)
    return Daily(days, returns(equity[rows], capital), np.diff(rows, prepend=-1) > 0)


def daily_equity(ts: Stamps, equity: Floats, day_start: int = 0) -> tuple[Stamps, Floats]:
    """Starts of days in ms UTC and the equity at their ends, from the first bar's day to the last one's."""
    days, rows = last_rows(ts, day_start)
    return days, equity[rows]


def last_rows(ts: Stamps, day_start: int = 0) -> tuple[Stamps, Stamps]:
    """(D,): starts of the days in ms UTC, and the last row that opens on each, or before it if none does.

    So a day's equity is that at the close of the last bar opening before the next day's start.
    """
    day = (ts - day_start) // DAY
    days = np.arange(day[0], day[-1] + 1)
    return days * DAY + day_start, np.searchsorted(day, days, side="right") - 1


def returns(equity: Floats, capital: float) -> Floats:
    """Return of each step as a fraction, the first one from capital; 0 where there was nothing left to earn with."""
    before: Floats = np.append(capital, equity[:-1])
    with np.errstate(over="ignore"):
        return np.divide(equity, before, out=np.ones(len(equity)), where=before > 0) - 1
