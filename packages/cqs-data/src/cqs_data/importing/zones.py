"""The clock of times without an offset, and whether candles that are stored already contradict it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cqs_core import Lake, Series, UsageError
from cqs_core.lake import stamps
from cqs_core.time.clock import iso
from cqs_core.time.intervals import DAY, HOUR, length
from cqs_data.importing.spacing import share_on_grid
from cqs_data.importing.stamps import Stamps, localized

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_core.trading import Floats
    from cqs_core.trading import Stamps as Times

    Places = npt.NDArray[np.intp]

KOREAN = ("upbit", "bithumb", "korbit", "coinone", "gopax")
_SEOUL_DAYS = ("bithumb",)  # exchanges whose days open at midnight there; the others' at 00:00 UTC
_SEOUL = "Asia/Seoul"
_ENOUGH = 10  # closes in common, to compare clocks by
_CLOSE = 1e-3  # relative difference of prices that are the same but for where they were recorded
_HOURS = range(-14, 15)
_SEASON = 28 * DAY  # compared on their own: a clock with summer time is right for half of a year


class Zone(NamedTuple):
    """A clock, and why it was taken: `given`, `in the file`, `format`, or a sentence."""

    name: str
    why: str


def choose_zone(given: str | None, usual: str | None, exchange: str, interval: str | None, times: Stamps) -> Zone:
    """The zone of naive times: as given, as the format has it, Seoul's for Korean exchanges, else UTC.

    Days that Seoul's clock would move off the grid are UTC days written as dates; of some exchanges they are Seoul's.
    """
    if not times.naive.any():
        return Zone("UTC", "in the file")
    if given or usual:
        return Zone(given or usual or "", "given" if given else "format")
    if exchange not in KOREAN:
        return Zone("UTC", "times have no offset; --zone says another")
    if interval and exchange not in _SEOUL_DAYS and _only_in_utc(interval, times):
        return Zone("UTC", f"times have no offset, and only in UTC they are opens of {interval}; --zone says another")
    return Zone(_SEOUL, f"times have no offset, and {exchange} writes Korean time; --zone says another")


def _only_in_utc(interval: str, times: Stamps) -> bool:
    return share_on_grid(interval, localized(times, _SEOUL)) < share_on_grid(interval, times.ms)


def check_clock(lake: Lake, series: Series, ms: Floats, close: Floats, zone: str) -> None:
    """Compare closes with those that the lake has of this market, at any interval, at the same moments.

    Args:
        lake: where they are.
        series: that is imported.
        ms: opens of the file's candles, UTC.
        close: their closes.
        zone: that they were read with.

    Raises:
        UsageError: they agree when moved by whole hours, and not as they are.
    """
    ends = ms.astype(np.int64) + length(series.interval)
    for stored in _of_market(lake, series):
        table = lake.read(stored, int(ends.min()) - 15 * HOUR - length(stored.interval), int(ends.max()) + 15 * HOUR)
        moments, prices = stamps(table) + length(stored.interval), table.column("close").to_numpy()
        if not any(_common(ends + h * HOUR, moments)[0].size >= _ENOUGH for h in _HOURS):
            continue
        parts = [ends.searchsorted((at, at + _SEASON)) for at in range(int(ends[0]), int(ends[-1]) + 1, _SEASON)]
        shifts = [_shift(ends[low:high], close[low:high], moments, prices) for low, high in parts]
        known = {hours for hours in shifts if hours is not None} or {_shift(ends, close, moments, prices) or 0}
        if len(known) > 1:
            at = next(low for (low, _), hours in zip(parts, shifts, strict=True) if hours)
            raise UsageError(_changing(series, stored, int(ends[at]), zone))
        if hours := known.pop():
            raise UsageError(_shifted(series, stored, hours, zone))
        return


def _of_market(lake: Lake, series: Series) -> list[Series]:
    """Stored series of the market, fetched ones with the most comparable interval first; months do not compare."""
    same = [s for s in lake.series() if (s.exchange, s.market) == series[:2] and s.interval not in {"1M", "1w"}]
    return sorted(same, key=lambda s: abs(length(s.interval) - length(series.interval)))


def _shift(ends: Times, close: Floats, moments: Times, prices: Floats) -> int | None:
    """By how many hours closes have to be moved to agree; None where they do at none, or at several."""
    known = {h: error for h in _HOURS if (error := _error(ends + h * HOUR, close, moments, prices)) is not None}
    best = min(known, key=lambda h: (known[h], abs(h)), default=None)
    if best is None or known[best] >= _CLOSE:
        return None
    others = min((error for h, error in known.items() if h != best), default=1.0)
    return best if others > 5 * known[best] + 1e-9 else None


def _error(ends: Times, close: Floats, moments: Times, prices: Floats) -> float | None:
    """Median relative difference of closes at the same moments; None with too few of them."""
    mine, theirs = _common(ends, moments)
    return float(np.median(np.abs(close[mine] / prices[theirs] - 1))) if len(mine) >= _ENOUGH else None


def _common(some: Times, others: Times) -> tuple[Places, Places]:
    """Indices of the same moments in both, ascending."""
    at = np.searchsorted(others, some)
    same = np.flatnonzero(np.append(others, -1)[at] == some)
    return same, at[same]


def _shifted(series: Series, stored: Series, hours: int, zone: str) -> str:
    moved = f"{abs(hours)} hour{'s' if abs(hours) > 1 else ''} {'early' if hours > 0 else 'late'}"
    fits = _zone_of(zone, -hours)
    return (
        f"candles of {series} are {moved} compared with {stored} in the lake, when their times are read as {zone}; "
        f"the --zone that fits is {fits}"
    )


def _changing(series: Series, stored: Series, since: int, zone: str) -> str:
    return (
        f"candles of {series} are hours off compared with {stored} in the lake from {iso(since)[:10]} on, and not "
        f"always by as many, when their times are read as {zone}: their clock knows summer time; "
        "say --zone of its place, such as America/New_York"
    )


def _zone_of(zone: str, hours: int) -> str:
    """The zone that is this many hours ahead of another one."""
    import datetime as dt
    from zoneinfo import ZoneInfo

    offset = dt.datetime.now(ZoneInfo(zone)).utcoffset() or dt.timedelta()
    ahead = round(offset / dt.timedelta(hours=1)) + hours
    return {0: "UTC", 9: _SEOUL}.get(ahead, f"Etc/GMT{-ahead:+d}")  # POSIX counts the hours west of Greenwich
