"""Candles of a series as they are wanted: stored so, or put together from shorter ones that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import intervals
from cqs_core.errors import UsageError
from cqs_core.intervals import DAY, HOUR, MINUTE
from cqs_core.lake.coverage import runs_of
from cqs_core.lake.quarantine import refused
from cqs_core.lake.ranges import Range, subtract, union
from cqs_core.lake.resampling import resample, shift_of
from cqs_core.lake.spans import Spans
from cqs_core.lake.table import stamps
from cqs_core.plugins import plugins

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core.candles import Stamps
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.names import Series


def source_of(lake: Lake, series: Series, day_start: int = 0) -> Series | None:
    """The stored series that gives the wanted one: itself, else the longest that divides it; None where none does.

    With a day that does not start at 00:00 UTC, stored days, weeks and months do not fit.
    """
    if not own_days(series.interval, day_start) and _stored(lake, series):
        return series
    shorter = [i for i in intervals.INTERVALS if _divides(i, series.interval, day_start)]
    for interval in reversed(shorter):
        candidate = series._replace(interval=interval)
        if _stored(lake, candidate):
            return candidate
    return None


def own_days(interval: str, day_start: int) -> bool:
    """Whether bars of an interval begin with the house's day, which is not that of the exchanges."""
    return day_start != 0 and intervals.length(interval) >= DAY


def to_fetch(series: Series, day_start: int = 0) -> str:
    """The command that fetches what a series can be read from: itself, or the longest shorter one that fits the day."""
    interval = series.interval
    if own_days(interval, day_start):
        kind = plugins().exchanges().get(series.exchange)
        known = kind.intervals if kind else intervals.INTERVALS
        fit = [i for i in intervals.INTERVALS if i in known and _divides(i, interval, day_start)]
        interval = fit[-1] if fit else "1m"
    return f"cqs fetch --exchange {series.exchange} --symbols {series.market} --interval {interval}"


def why_no_days(series: Series, day_start: int) -> str:
    """Why a series cannot be read from what is stored, where days begin elsewhere, and what to fetch."""
    begins = f"{day_start // HOUR:02d}:{day_start // MINUTE % 60:02d}"
    return (
        f"{series} begins its days at {begins} UTC (CQS_DAY_START), so it is put together from shorter candles, "
        f"and the lake has none that fit; fetch them: {to_fetch(series, day_start)}"
    )


def _stored(lake: Lake, series: Series) -> bool:
    found = lake.contents(series)
    return any(o.rows for o in (*found.objects, *found.missing))


def derive(
    lake: Lake,
    series: Series,
    start: int | None = None,
    end: int | None = None,
    day_start: int = 0,
    *,
    again: bool = False,
) -> pa.Table:
    """Candles that open in `[start, end)`, ms UTC; empty where neither they nor shorter ones are stored.

    Bars that were not answered whole are left out: of a file, only what it has counts as answered, and of what was
    refused nothing does.

    Raises:
        UsageError: days of another start are stored, and no shorter candles.
        DataError: an object is damaged or missing.
    """
    source = source_of(lake, series, day_start)
    if source is None and own_days(series.interval, day_start) and _stored(lake, series):
        raise UsageError(why_no_days(series, day_start))
    if source is None or source == series:
        return lake.read(series, start, end, again=again)
    shift = shift_of(series.interval, day_start)
    first = None if start is None else intervals.ceil(series.interval, start - shift) + shift
    stop = None if end is None else intervals.ceil(series.interval, end - shift) + shift
    table = lake.read(source, first, stop, again=again)
    return resample(table, series.interval, _answered(lake, source, stamps(table)), day_start)


def _answered(lake: Lake, series: Series, ts: Stamps) -> list[Range]:
    """Ranges in which a candle that is missing does not exist."""
    objects = lake.objects(series)
    asked = union((o.start, o.end) for o in objects if o.source != "import")
    for at in (at for at in refused(lake.bucket, series) if at not in ts):
        bar = at, intervals.next_open(series.interval, at)
        asked = [left for one in asked for left in subtract(one, [bar])]
    runs = runs_of(series.interval, ts) if any(o.source == "import" for o in objects) else Spans.of([])
    return union([*asked, *zip(runs.starts.tolist(), runs.ends.tolist(), strict=True)])


def _divides(fine: str, coarse: str, day_start: int) -> bool:
    short, long = intervals.length(fine), intervals.length(coarse)
    if short >= long or fine in {"1w", "1M"}:
        return False
    if long >= DAY:
        return short <= DAY and (day_start % short == 0) and not (day_start and short == DAY)
    return long % short == 0
