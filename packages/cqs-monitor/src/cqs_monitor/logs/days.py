"""Days of the bot: Korean calendar days, or trading days that start later, and the weeks and months they belong to.

A day is an int: days since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Literal

from cqs_core import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KST = dt.timezone(dt.timedelta(hours=9), "KST")
Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_EPOCH = dt.date(1970, 1, 1).toordinal()
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def read_clock(text: str) -> int:
    """Microseconds after midnight of a time of day.

    >>> read_clock("09:00") == 9 * 3_600_000_000
    True

    Raises:
        UsageError: not `HH:MM`.
    """
    match = _CLOCK.fullmatch(text)
    if not match:
        raise UsageError(f"{text!r} is no time of day; write 09:00, in KST")
    return (int(match[1]) * 60 + int(match[2])) * 60_000_000


def trading_days(timestamps: npt.NDArray[np.int64], day_start: int) -> npt.NDArray[np.int64]:
    """The day of each time, if days begin at `day_start` KST.

    Args:
        timestamps: microseconds since the epoch, UTC.
        day_start: microseconds after midnight KST.
    """
    return (timestamps + 9 * _HOUR - day_start) // _DAY


def hours(timestamps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The hour of day, 0..23 KST, of each time."""
    return (timestamps + 9 * _HOUR) % _DAY // _HOUR


def date_of(day: int) -> dt.date:
    return dt.date.fromordinal(_EPOCH + int(day))


def day_of(date: dt.date) -> int:
    return date.toordinal() - _EPOCH


def label(day: int, by: Period) -> str:
    """The name of the day, of its ISO week, or of its month.

    >>> label(day_of(dt.date(2024, 12, 30)), "week")
    '2025-W01'
    """
    date = date_of(day)
    if by == "day":
        return date.isoformat()
    if by == "month":
        return f"{date:%Y-%m}"
    year, week, _ = date.isocalendar()
    return f"{year:04d}-W{week:02d}"


def today(now_ms: int, day_start: int = 0) -> int:
    """The day that it is."""
    return (now_ms * 1000 + 9 * _HOUR - day_start) // _DAY
