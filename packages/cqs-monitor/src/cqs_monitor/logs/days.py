"""Days of a bot: calendar days in its zone, or trading days that start later, and their weeks and months.

A day is an int: days since 1970-01-01. Times of day are microseconds after midnight.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pyarrow import compute

from cqs_core import UsageError
from cqs_core.time.clock import midnight

if TYPE_CHECKING:
    import numpy.typing as npt

Period = Literal["day", "week", "month"]

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_EPOCH = dt.date(1970, 1, 1).toordinal()
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

pc: Any = compute  # its functions are made at import; stubs know them badly


def read_clock(text: str) -> int:
    """Microseconds after midnight of a time of day.

    >>> read_clock("09:00") == 9 * 3_600_000_000
    True

    Raises:
        UsageError: not `HH:MM`.
    """
    match = _CLOCK.fullmatch(str(text))
    if not match:
        raise UsageError(f"{text!r} is not a time of day; write 09:00, in the zone of the bot")
    return (int(match[1]) * 60 + int(match[2])) * 60_000_000


def local_times(timestamps: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Local times of a zone (both microseconds since 1970); summer time is known until 2037."""
    utc = pa.array(timestamps, pa.timestamp("us", "UTC"))
    local = pc.local_timestamp(utc.cast(pa.timestamp("us", zone)))
    return np.asarray(local.cast(pa.int64()).to_numpy(), np.int64)


def local_days(timestamps: npt.NDArray[np.int64], zone: str, day_start: int = 0) -> npt.NDArray[np.int64]:
    """The day of each time (microseconds, UTC), if days begin at `day_start` in the zone."""
    return (local_times(timestamps, zone) - day_start) // _DAY


def monday_of(days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The Monday of each day's week. Day 0 was a Thursday."""
    return days - (days + 3) % 7


def hours(timestamps: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """The hour of day, 0..23 in the zone, of each time (microseconds, UTC)."""
    return local_times(timestamps, zone) % _DAY // _HOUR


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


def today(now_ms: int, zone: str, day_start: int = 0) -> int:
    """Today's day number."""
    return int(local_days(np.array([now_ms * 1000]), zone, day_start)[0])


def start_of(day: int, zone: str) -> int:
    """When a calendar day of the zone begins, ms UTC."""
    return midnight(date_of(day), zone)


def zone_label(zone: str) -> str:
    """The common name of the zone now: `CET`, `UTC`; its IANA name where it has only an offset."""
    short = dt.datetime.now(ZoneInfo(zone)).tzname() or zone
    return short if short.isalpha() else zone
