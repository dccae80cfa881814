"""The content of the lake for pages and commands: one row per series, with its gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core.time import clock, intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Lake, Series, SeriesStatus
    from cqs_core.lake import Gaps


@dataclass(frozen=True)
class Availability:
    """The lake at one moment.

    Attributes:
        series: status of each series.
        holes: by series, the gaps between first and last candle.
        now: ms UTC.
    """

    series: Sequence[SeriesStatus]
    holes: Mapping[Series, Gaps]
    now: int

    @property
    def span(self) -> tuple[int, int] | None:
        """From the first candle of all to now, ms UTC."""
        firsts = [one.first for one in self.series if one.first is not None]
        return (min(firsts), self.now) if firsts else None


def availability(lake: Lake) -> Availability:
    """Status and gaps of every series."""
    holes = {gaps.series: gaps for gaps in lake.holes()}
    return Availability([one for one in lake.status() if one.series in holes], holes, clock.now())


def stale_bars(one: SeriesStatus, now: int) -> int:
    """Bars that have closed since the last candle, and are not there."""
    if one.last is None:
        return 0
    name = one.series.interval
    return max(0, intervals.count(name, one.last + 1, intervals.floor(name, now)))
