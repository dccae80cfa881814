"""Candle intervals: names, their length, and the UTC grid on which candles open.

All times are int milliseconds since 1970-01-01 UTC. Weeks open on Monday, months on the first, bars of three days every
third day counted from 1970-01-01.
Names are case-sensitive: `1m` is a minute, `1M` a month.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from cqs_core.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_MINUTES = {f"{n}m": n * MINUTE for n in (1, 3, 5, 10, 15, 30)}
_HOURS = {f"{n}h": n * HOUR for n in (1, 2, 4, 6, 8, 12)}
_FIXED = {**_MINUTES, **_HOURS, "1d": DAY, "3d": 3 * DAY, "1w": WEEK}
INTERVALS = (*_FIXED, "1M")
ALIASES = {
    **{f"minute{n}": f"{n}m" for n in (1, 3, 5, 10, 15, 30)},
    "minute60": "1h",
    "minute240": "4h",
    "day": "1d",
    "week": "1w",
    "month": "1M",
}
_MONDAY = 4 * DAY  # 1970-01-05; the epoch is a Thursday
_EPOCH_MONTH = 1970 * 12


def parse_interval(text: str) -> str:
    """The interval's own name.

    >>> parse_interval("minute240"), parse_interval("1M")
    ('4h', '1M')

    Raises:
        UnknownName: there is no interval of that name.
    """
    if not isinstance(text, str):
        raise UsageError(f"{text!r} is not an interval; write '1h' or '1d'")
    name = ALIASES.get(text, text)
    if name in INTERVALS:
        return name
    if (small := text.lower()) in {*INTERVALS, *ALIASES}:
        raise UnknownName("interval", text, [small])
    raise UnknownName("interval", text, (), remedy=f"there are: {', '.join(INTERVALS)}")


def length(interval: str) -> int:
    """Milliseconds of one bar; a month counts 30 days (use `next_open` where it must be exact)."""
    return _FIXED.get(interval, 30 * DAY)


def floor(interval: str, ts: int) -> int:
    """Open time of the candle that contains `ts`."""
    if interval == "1M":
        return _month_open(_month(ts))
    if interval == "1w":
        return (ts - _MONDAY) // WEEK * WEEK + _MONDAY
    step = _FIXED[interval]
    return ts // step * step


def next_open(interval: str, ts: int, n: int = 1) -> int:
    """Open time `n` bars after the candle that contains `ts` (`n` may be negative)."""
    if interval == "1M":
        return _month_open(_month(ts) + n)
    return floor(interval, ts) + n * _FIXED[interval]


def ceil(interval: str, ts: int) -> int:
    """First open at or after `ts`."""
    at = floor(interval, ts)
    return at if at == ts else next_open(interval, at)


def count(interval: str, start: int, end: int) -> int:
    """How many candles open in `[start, end)`."""
    if end <= start:
        return 0
    if interval == "1M":
        return _month(ceil(interval, end)) - _month(ceil(interval, start))
    return (ceil(interval, end) - ceil(interval, start)) // _FIXED[interval]


def opens(interval: str, start: int, end: int) -> npt.NDArray[np.int64]:
    """Every open in `[start, end)`, ascending."""
    import numpy as np

    first = ceil(interval, start)
    if interval != "1M":
        return np.arange(first, end, _FIXED[interval], dtype=np.int64)
    return np.array([_month_open(_month(first) + i) for i in range(count(interval, start, end))], dtype=np.int64)


def on_grid(interval: str, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of the stamps are opens of this interval."""
    import numpy as np

    if interval == "1M":
        return np.array([floor(interval, int(t)) == t for t in ts], dtype=bool)
    shift = _MONDAY if interval == "1w" else 0
    return np.asarray((ts - shift) % _FIXED[interval] == 0)


def _month(ts: int) -> int:
    at = dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=ts)  # noqa: DTZ001 - UTC by construction
    return at.year * 12 + at.month - 1 - _EPOCH_MONTH


def _month_open(month: int) -> int:
    year, index = divmod(month + _EPOCH_MONTH, 12)
    return (dt.date(year, index + 1, 1).toordinal() - dt.date(1970, 1, 1).toordinal()) * DAY
