"""Holes between a series' first and last candle, and why they are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core import intervals
from cqs_core.intervals import DAY
from cqs_core.lake.coverage import Coverage, coverage
from cqs_core.lake.quarantine import quarantined
from cqs_core.lake.spans import Spans

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.candles import Stamps
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
class Gaps:
    """All holes of one series as columns, by time; iterating gives each as a `Gap`.

    Attributes:
        series: whose.
        start: int64 (N,), as in `Gap`; so are `end` and `bars`.
        cause: str (N,).
    """

    series: Series
    start: Stamps
    end: Stamps
    bars: npt.NDArray[np.int64]
    cause: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Gap]:
        columns = (column.tolist() for column in (self.start, self.end, self.bars, self.cause))
        return (Gap(self.series, *row) for row in zip(*columns, strict=True))

    def longest(self, most: int) -> list[Gap]:
        """The `most` longest ones, longest first."""
        at = np.argsort(-self.bars, kind="stable")[:most]
        return list(Gaps(self.series, self.start[at], self.end[at], self.bars[at], self.cause[at]))


def gaps(bucket: Bucket, found: Mapping[Series, Sequence[LakeObject]], wanted: Iterable[Series]) -> list[Gaps]:
    """The holes of each wanted series with their causes; the others of their exchanges serve to tell outages."""
    names = list(wanted)
    exchanges = {series.exchange for series in names}
    have = {s: coverage(bucket, s, objects) for s, objects in found.items() if s.exchange in exchanges}
    return [_gaps(bucket, series, found[series], have) for series in names]


def _gaps(bucket: Bucket, series: Series, objects: Sequence[LakeObject], have: Mapping[Series, Coverage]) -> Gaps:
    holes = have[series].holes
    others = [other for name, other in have.items() if _can_tell(series, name)]
    cause = np.where(holes.ends - holes.starts >= DELISTED, "delisted", "no_trade")
    cause = np.where(_missed_by_all(holes, others), "outage", cause).astype("U13")
    asked = Spans.of((o.start, o.end) for o in objects if o.source != "import")
    cause[~asked.hold(holes)] = "unknown"
    cause[holes.touched(_refused(bucket, series) if len(holes) else holes.starts)] = "unknown"
    cause[~Spans.of((o.start, o.end) for o in objects).hold(holes)] = "never_fetched"
    return Gaps(series, *holes, _bars(series.interval, holes), cause)


def _missed_by_all(holes: Spans, others: Iterable[Coverage]) -> npt.NDArray[np.bool_]:
    """Holes that all others have too, of those that reach so far; at least one must."""
    left, told = np.arange(len(holes)), np.zeros(len(holes), bool)
    for other in others:
        part = Spans(holes.starts[left], holes.ends[left])
        reached = other.reaches(part)
        told[left[reached]] = True
        left = left[~reached | other.holes.hold(part)]
    missed = np.zeros(len(holes), bool)
    missed[left] = told[left]
    return missed


def _can_tell(series: Series, other: Series) -> bool:
    """Whether holes of `other` say something about an outage: another market, bars no longer than the series' own."""
    fine = intervals.length(other.interval) <= intervals.length(series.interval)
    return other.exchange == series.exchange and other.market != series.market and fine


def _refused(bucket: Bucket, series: Series) -> Stamps:
    rows = (q.row[0] for q in quarantined(bucket, series) if q.reason != "jump")
    return np.array(sorted(int(ts) for ts in rows if ts is not None), np.int64)


def _bars(interval: str, holes: Spans) -> npt.NDArray[np.int64]:
    if interval != "1M":
        return (holes.ends - holes.starts) // intervals.length(interval)
    pairs = zip(holes.starts.tolist(), holes.ends.tolist(), strict=True)
    return np.array([intervals.count(interval, low, high) for low, high in pairs], np.int64)
