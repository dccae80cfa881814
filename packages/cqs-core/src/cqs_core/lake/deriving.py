"""Candles of a series as they are wanted: stored so, or put together from shorter ones that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import intervals
from cqs_core.intervals import DAY
from cqs_core.lake.ranges import union
from cqs_core.lake.resampling import resample

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core.lake.lake import Lake
    from cqs_core.lake.names import Series


def source_of(lake: Lake, series: Series, day_start: int = 0) -> Series | None:
    """The stored series that gives the wanted one: itself, else the longest that divides it; None where none does.

    With a day that does not start at 00:00 UTC, stored days, weeks and months do not fit.
    """
    own_days = day_start and intervals.length(series.interval) >= DAY
    if not own_days and lake.objects(series):
        return series
    shorter = [i for i in intervals.INTERVALS if _divides(i, series.interval, day_start)]
    for interval in reversed(shorter):
        candidate = series._replace(interval=interval)
        if lake.objects(candidate):
            return candidate
    return None


def derive(
    lake: Lake, series: Series, start: int | None = None, end: int | None = None, day_start: int = 0
) -> pa.Table:
    """Candles that open in `[start, end)`, ms UTC; empty where neither they nor shorter ones are stored.

    Bars that were not answered whole are left out.
    """
    source = source_of(lake, series, day_start)
    if source is None or source == series:
        return lake.read(series, start, end)
    answered = union((o.start, o.end) for o in lake.objects(source))
    shift = day_start if intervals.length(series.interval) >= DAY else 0
    first = None if start is None else intervals.ceil(series.interval, start - shift) + shift
    stop = None if end is None else intervals.ceil(series.interval, end - shift) + shift
    return resample(lake.read(source, first, stop), series.interval, answered, day_start)


def _divides(fine: str, coarse: str, day_start: int) -> bool:
    short, long = intervals.length(fine), intervals.length(coarse)
    if short >= long or fine in {"1w", "1M"}:
        return False
    if long >= DAY:
        return short <= DAY and (day_start % short == 0) and not (day_start and short == DAY)
    return long % short == 0
