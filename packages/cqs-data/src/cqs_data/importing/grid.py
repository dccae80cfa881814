"""Bars that open at other moments than the lake's: where they do, and what to do about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time.intervals import DAY, length

if TYPE_CHECKING:
    from cqs_core.trading import Floats

_MOST = 0.9  # of all bars that open at the same moment of their day or week
_LATE = 0.99  # of a bar, after which a time is rather that of its end
_SHIFT = "say --zone or --stamp if their times mean something else"


def why_off_grid(interval: str, ms: Floats, zone: str) -> str:
    """Why times are not opens of an interval, in words.

    Args:
        interval: of the bars.
        ms: their times, ms UTC; NaN where there is none.
        zone: with which they were read.
    """
    ts = ms[np.isfinite(ms)].astype(np.int64)
    place = ts % min(length(interval), DAY)
    usual, count = (int(np.median(place)), float((place == np.median(place)).mean())) if len(ts) else (0, 0.0)
    if count > _MOST and usual > _LATE * min(length(interval), DAY):
        return "they are stamped just before their bars end: --stamp close"
    if interval in ("1d", "3d", "1w", "1M") and count > _MOST:
        return _other_days(interval, ts, usual, zone)
    if count > _MOST and usual:
        at = f"{usual // 60_000} minutes" if usual % 60_000 == 0 else f"{usual / 1000:g} seconds"
        return f"they open {at} after those of {interval}, read as {zone}; {_SHIFT}"
    return f"they are not opens of {interval} in {zone}: check --interval, --zone and --stamp"


def _other_days(interval: str, ts: np.ndarray[tuple[int], np.dtype[np.int64]], usual: int, zone: str) -> str:
    clock = f"{usual // 3_600_000:02}:{usual // 60_000 % 60:02}"
    whole = "import shorter candles instead, from which the lake's are put together"
    if interval == "1w":
        days = {f"{dt.datetime.fromtimestamp(int(at) / 1000, dt.UTC):%A}" for at in ts[:50]}
        day = days.pop() if len(days) == 1 else "other days"
        return f"their weeks open on {day} {clock} UTC (read as {zone}), and the lake's on Monday 00:00; {whole}"
    if usual:
        return f"their days open at {clock} UTC (read as {zone}), and the lake's at 00:00; {whole}, or {_SHIFT}"
    what = {"3d": "every third day since 1970", "1M": "on the first of the month"}.get(interval, "at 00:00 UTC")
    return f"the lake's bars of {interval} open {what}, and these do not (read as {zone}); {whole}, or {_SHIFT}"
