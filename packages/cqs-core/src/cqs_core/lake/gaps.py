"""Holes between a series' first and last candle, and why they are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core.lake.coverage import Coverage, coverage
from cqs_core.lake.rejects import refused
from cqs_core.lake.spans import Spans
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject, Series
    from cqs_core.lake.receipts import Contents
    from cqs_core.trading.candles import Stamps

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
        cause: `no_trade` (the exchange answered without them), `outage` (for most of it, so it did for every other
            market that the lake has of it), `never_fetched`, `delisted` (answered without for 30 days or more),
            `unknown` (imported so, or refused: see quarantine).
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
        problem: why nothing is known, since an object is damaged, or that one is missing; empty where none is.
    """

    series: Series
    start: Stamps
    end: Stamps
    bars: npt.NDArray[np.int64]
    cause: npt.NDArray[np.str_]
    problem: str = ""

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Gap]:
        columns = (column.tolist() for column in (self.start, self.end, self.bars, self.cause))
        return (Gap(self.series, *row) for row in zip(*columns, strict=True))

    def longest(self, most: int) -> list[Gap]:
        """The `most` longest ones, longest first."""
        at = np.argsort(-self.bars, kind="stable")[:most]
        return list(Gaps(self.series, self.start[at], self.end[at], self.bars[at], self.cause[at]))


def gaps(bucket: Bucket, found: Mapping[Series, Contents], wanted: Iterable[Series]) -> list[Gaps]:
    """Gaps of each wanted series with their causes; other series of the exchange serve to detect outages."""
    names = list(wanted)
    exchanges = {series.exchange for series in names}
    have = {s: coverage(bucket, s, each) for s, each in found.items() if s.exchange in exchanges}
    alive = _Alive(have)
    return [_gaps(bucket, series, found[series].objects, have[series], alive) for series in names]


def _gaps(bucket: Bucket, series: Series, objects: Sequence[LakeObject], have: Coverage, alive: _Alive) -> Gaps:
    holes = have.holes
    cause = np.where(holes.ends - holes.starts >= DELISTED, "delisted", "no_trade")
    cause = np.where(alive.missed_by_all(series, holes), "outage", cause).astype("U13")
    asked = Spans.of((o.start, o.end) for o in objects if o.source != "import")
    cause[~asked.contain(holes)] = "unknown"
    cause[holes.touched(np.array(refused(bucket, series) if len(holes) else [], np.int64))] = "unknown"
    cause[~Spans.of((o.start, o.end) for o in objects).contain(holes)] = "never_fetched"
    return Gaps(series, *holes, _bars(series.interval, holes), cause, have.problem)


class _Alive:
    """When any market of an exchange had candles, by those of an interval and shorter ones."""

    def __init__(self, have: Mapping[Series, Coverage]) -> None:
        self._have = have
        self._seen: dict[tuple[str, str], Spans] = {}

    def missed_by_all(self, series: Series, holes: Spans) -> npt.NDArray[np.bool_]:
        """Holes during most of which no market had a candle, if others reach so far: at least one must."""
        markets = [name for name in self._have if name.market != series.market and self._explains(name, series)]
        explained = np.zeros(len(holes), bool)
        for name in markets:
            span = self._have[name].span
            explained |= Spans.of([span] if span else []).contain(holes)
        return explained & (2 * self._candles(series).shared(holes) < holes.ends - holes.starts)

    def _candles(self, series: Series) -> Spans:
        key = series.exchange, series.interval
        if key not in self._seen:
            parts = [self._have[name].have for name in self._have if self._explains(name, series)]
            self._seen[key] = Spans.union(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        return self._seen[key]

    @staticmethod
    def _explains(name: Series, series: Series) -> bool:
        """Longer candles say nothing about shorter holes."""
        fine = intervals.length(name.interval) <= intervals.length(series.interval)
        return name.exchange == series.exchange and fine


def _bars(interval: str, holes: Spans) -> npt.NDArray[np.int64]:
    if interval != "1M":
        return (holes.ends - holes.starts) // intervals.length(interval)
    pairs = zip(holes.starts.tolist(), holes.ends.tolist(), strict=True)
    return np.array([intervals.count(interval, low, high) for low, high in pairs], np.int64)
