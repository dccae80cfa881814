"""Times as text: what users type, what JSON carries, what object names hold. Inside, times are int ms UTC."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from cqs_core.errors import UsageError
from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    Time: TypeAlias = str | dt.date | np.datetime64
    """A time as users give it: text, a date, a datetime (pandas' and polars' too), or numpy's; naive means UTC."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_YEARS = range(1970, 2200)
_UNITS = ("h", "m", "s", "ms", "us", "ns")  # of numpy's times that are not whole days
BEYOND = (dt.datetime(2200, 1, 1, tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1)
"""First ms UTC of the years that no candle has; before 1970 there are none either."""


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def parse_start(text: Time | None) -> int | None:
    """First millisecond of a range; naive means UTC.

    >>> iso(parse_start("2024-01-02"))
    '2024-01-02T00:00:00+00:00'
    """
    return None if text is None else parse_moment(text)[0]


def parse_end(text: Time | None) -> int | None:
    """Exclusive end of a range: a bare date includes that day, a time does not include itself.

    >>> iso(parse_end("2024-01-02")), iso(parse_end("2024-01-02T00:00"))
    ('2024-01-03T00:00:00+00:00', '2024-01-02T00:00:00+00:00')
    """
    if text is None:
        return None
    ts, bare = parse_moment(text)
    return ts + DAY if bare else ts


def parse_range(start: Time | None, end: Time | None) -> tuple[int | None, int | None]:
    """`[start, end)` in ms; None is open.

    Raises:
        UsageError: not a date, outside the years 1970 to 2199, or the wrong way round.
    """
    a, b = parse_start(start), parse_end(end)
    if a is not None and b is not None and a >= b:
        raise UsageError(f"start {str(start)!r} is not before end {str(end)!r}; swap them")
    return a, b


def milliseconds(start: Time | int | None, end: Time | int | None) -> tuple[int | None, int | None]:
    """The same for input that may also be a number, in ms UTC."""
    low = start if isinstance(start, int) else parse_start(start)
    return low, end if isinstance(end, int) else parse_end(end)


def midnight(day: dt.date, zone: str | None) -> int:
    """When a day begins in a time zone, ms UTC.

    Args:
        day: in that zone.
        zone: IANA name; None is the machine's.

    >>> iso(midnight(dt.date(2024, 1, 2), "Asia/Seoul"))
    '2024-01-01T15:00:00+00:00'
    """
    from zoneinfo import ZoneInfo

    begins = dt.datetime.combine(day, dt.time(), ZoneInfo(zone) if zone else None)
    return round(begins.timestamp() * 1000)


def iso(ts: int) -> str:
    """ISO 8601 with `+00:00`."""
    return (_EPOCH + dt.timedelta(milliseconds=ts)).isoformat()


def iso_or_none(ts: int | None) -> str | None:
    return None if ts is None else iso(ts)


def parse_moment(text: Time) -> tuple[int, bool]:
    """Milliseconds, and whether it is a bare date."""
    at, bare = _read(text.strip()) if isinstance(text, str) else _given(text)
    if at.year not in _YEARS:
        raise UsageError(
            f"{str(text)!r} is outside the years 1970 to 2199; leave it out for a range that is open there"
        )
    return _milliseconds(at), bare


def _read(text: str) -> tuple[dt.date, bool]:
    with contextlib.suppress(ValueError):
        return dt.date.fromisoformat(text), True
    with contextlib.suppress(ValueError):
        return dt.datetime.fromisoformat(text), False
    raise UsageError(f"{text!r} is not a date; write 2024-01-31 or 2024-01-31T09:00")


def _given(value: Any) -> tuple[dt.date, bool]:
    if isinstance(value, dt.date):
        return value, not isinstance(value, dt.datetime)
    kind = str(getattr(value, "dtype", ""))
    if kind == "datetime64[D]":
        value = value.item()
    elif kind.startswith("datetime64[") and kind[11:-1] in _UNITS:
        value = value.astype("datetime64[us]").item()
    if isinstance(value, dt.date):
        return value, kind == "datetime64[D]"
    raise UsageError(f"{value!r} is not a time; write 2024-01-31 or 2024-01-31T09:00 as text, or give a datetime")


def _milliseconds(at: dt.date) -> int:
    moment = at if isinstance(at, dt.datetime) else dt.datetime(at.year, at.month, at.day)  # noqa: DTZ001 - naive is UTC
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // dt.timedelta(milliseconds=1)
