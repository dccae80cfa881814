"""Which stored intervals a series can be read or put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.host.plugin_registry import plugins
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Collection

    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import Series


def sources_of(lake: Lake, series: Series, day_start: int = 0) -> list[str]:
    """The stored intervals that can give a series, longest first: its own, then shorter ones that divide it.

    With a day that does not start at 00:00 UTC, stored days, weeks and months do not fit.
    """
    own = [] if own_days(series.interval, day_start) else [series.interval]
    shorter = [i for i in intervals.INTERVALS if divides(i, series.interval, day_start)]
    found: list[str] = []
    for name in [*own, *reversed(shorter)]:
        if is_stored(lake, series._replace(interval=name)) and (not found or divides(name, found[-1], 0)):
            found.append(name)
    return found


def source_of(lake: Lake, series: Series, day_start: int = 0) -> Series | None:
    """The stored series with the longest candles that give the wanted one; None where none does."""
    names = sources_of(lake, series, day_start)
    return series._replace(interval=names[0]) if names else None


def own_days(interval: str, day_start: int) -> bool:
    """Whether bars of an interval begin with the house's day, which is not that of the exchanges."""
    return day_start != 0 and intervals.length(interval) >= DAY


def to_fetch(series: Series, day_start: int = 0) -> str:
    """The command that fetches what a series can be read from: itself, or the longest shorter one that fits the day."""
    interval = series.interval
    if own_days(interval, day_start):
        kind = plugins().exchanges().get(series.exchange)
        known = kind.intervals if kind else intervals.INTERVALS
        interval = longest_part(interval, known, day_start) or "1m"
    return f"cqs fetch --exchange {series.exchange} --symbols {series.market} --interval {interval}"


def longest_part(interval: str, offered: Collection[str], day_start: int = 0) -> str | None:
    """The longest of some intervals from whose candles those of another one can be put together.

    >>> longest_part("1d", ["1m", "1h", "5h"]), longest_part("1m", ["1h"])
    ('1h', None)
    """
    fit = [i for i in intervals.INTERVALS if i in offered and divides(i, interval, day_start)]
    return fit[-1] if fit else None


def why_no_days(series: Series, day_start: int) -> str:
    """Why a series cannot be derived if days begin at another hour, and what to fetch."""
    begins = f"{day_start // HOUR:02d}:{day_start // MINUTE % 60:02d}"
    return (
        f"{series} begins its days at {begins} UTC (CQS_DAY_START), so it is put together from shorter candles, "
        f"and the lake has none that fit; fetch them: {to_fetch(series, day_start)}"
    )


def is_stored(lake: Lake, series: Series) -> bool:
    """Whether the lake has candles of a series, or objects of it that are missing."""
    found = lake.contents(series)
    return any(o.rows for o in (*found.objects, *found.missing))


def divides(fine: str, coarse: str, day_start: int = 0) -> bool:
    """Whether candles of one interval can be put together from those of a shorter one.

    >>> divides("1h", "1d"), divides("1d", "1d"), divides("1d", "1w", 9 * HOUR), divides("1w", "1M")
    (True, False, False, False)
    """
    short, long = intervals.length(fine), intervals.length(coarse)
    if short >= long or fine in {"1w", "1M"}:
        return False
    if long >= DAY:
        return short <= DAY and (day_start % short == 0) and not (day_start and short == DAY)
    return long % short == 0
