"""Holes between a series' first and last candle, and why they are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import intervals
from cqs_core.intervals import DAY
from cqs_core.lake.catalog import plan
from cqs_core.lake.quarantine import quarantined
from cqs_core.lake.ranges import Range, overlaps, subtract, union
from cqs_core.lake.table import read_file, stamps

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.lake.names import LakeObject, Series

CAUSES = ("no_trade", "outage", "never_fetched", "delisted", "unknown")
DELISTED = 30 * DAY  # an exchange that answers for so long without a candle did not list the market


@dataclass(frozen=True)
class Gap:
    """Candles that are not there.

    Attributes:
        series: whose.
        start: first missing open, ms UTC.
        end: next present open.
        bars: how many are missing.
        cause: `no_trade` (the exchange answered without them), `outage` (so it did for every other market that the lake
            has of it), `never_fetched`, `delisted` (answered without for 30 days or more), `unknown` (imported so, or
            refused: see quarantine).
    """

    series: Series
    start: int
    end: int
    bars: int
    cause: str


@dataclass(frozen=True)
class Coverage:
    """Where a series has candles.

    Attributes:
        span: from the first open to the end of the last candle, ms UTC; None without candles.
        holes: ranges without candles inside, sorted.
    """

    span: Range | None
    holes: Sequence[Range]

    def misses(self, hole: Range) -> bool | None:
        """Whether all of `hole` is missing; None where the series does not reach so far."""
        if self.span is None or not self.span[0] <= hole[0] < hole[1] <= self.span[1]:
            return None
        return not subtract(hole, self.holes)


def coverage(bucket: Bucket, series: Series, objects: Sequence[LakeObject]) -> Coverage:
    """Where candles are; only objects that lack bars or overlap are opened, and only their ts."""
    filled = [o for o in objects if o.rows]
    if not filled:
        return Coverage(None, [])
    name = series.interval
    span = min(o.first for o in filled), intervals.next_open(name, max(o.last for o in filled))
    how = plan(objects)
    groups = [*([o] for o in how.plain if not _dense(name, o)), *how.groups]
    runs = [(o.first, intervals.next_open(name, o.last)) for o in how.plain if _dense(name, o)]
    for group in groups:
        paths = bucket.paths([o.key for o in group])
        runs += _runs(name, np.unique(np.concatenate([stamps(read_file(path, ["ts"])) for path in paths])))
    return Coverage(span, subtract(span, runs))


def gaps(bucket: Bucket, found: Mapping[Series, Sequence[LakeObject]], wanted: Iterable[Series]) -> list[Gap]:
    """Every hole of the wanted series with its cause; the others of their exchanges serve to tell outages."""
    names = list(wanted)
    exchanges = {series.exchange for series in names}
    have = {s: coverage(bucket, s, objects) for s, objects in found.items() if s.exchange in exchanges}
    told = []
    for series in names:
        others = [have[s] for s in have if _can_tell(series, s)]
        refused = _refused(bucket, series) if have[series].holes else []
        for hole in have[series].holes:
            cause = _cause(hole, found[series], refused, others)
            told.append(Gap(series, *hole, intervals.count(series.interval, *hole), cause))
    return told


def _cause(hole: Range, objects: Sequence[LakeObject], refused: Sequence[int], others: Sequence[Coverage]) -> str:
    near = [o for o in objects if overlaps((o.start, o.end), hole)]
    if subtract(hole, [(o.start, o.end) for o in near]):
        return "never_fetched"
    asked = [(o.start, o.end) for o in near if o.source != "import"]
    if subtract(hole, asked) or any(hole[0] <= ts < hole[1] for ts in refused):
        return "unknown"
    told = [missed for other in others if (missed := other.misses(hole)) is not None]
    if told and all(told):
        return "outage"
    return "delisted" if hole[1] - hole[0] >= DELISTED else "no_trade"


def _can_tell(series: Series, other: Series) -> bool:
    """Whether holes of `other` say something about an outage: another market, bars no longer than the series' own."""
    fine = intervals.length(other.interval) <= intervals.length(series.interval)
    return other.exchange == series.exchange and other.market != series.market and fine


def _refused(bucket: Bucket, series: Series) -> list[int]:
    rows = (q.row[0] for q in quarantined(bucket, series) if q.reason != "jump")
    return [int(ts) for ts in rows if ts is not None]


def _dense(interval: str, item: LakeObject) -> bool:
    return item.rows == intervals.count(interval, item.first, item.last + 1)


def _runs(interval: str, ts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Range]:
    """Unbroken stretches of candles."""
    every = intervals.opens(interval, int(ts[0]), int(ts[-1]) + 1)
    place = np.searchsorted(every, ts)
    cut = np.flatnonzero(np.diff(place) != 1) + 1
    firsts, lasts = ts[np.r_[0, cut]], ts[np.r_[cut - 1, len(ts) - 1]]
    ends = (intervals.next_open(interval, int(at)) for at in lasts)
    return union(zip((int(at) for at in firsts), ends, strict=True))
