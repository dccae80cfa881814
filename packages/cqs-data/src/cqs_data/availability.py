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
        states: by series, `damaged`, `ok` where all its objects were found to be what their names promise, and
            `not checked` before a check: a damaged one looks the same until then.
    """

    series: Sequence[SeriesStatus]
    holes: Mapping[Series, Gaps]
    now: int
    states: Mapping[Series, str]

    @property
    def span(self) -> tuple[int, int] | None:
        """From the first candle of all to now, ms UTC."""
        firsts = [one.first for one in self.series if one.first is not None]
        return (min(firsts), self.now) if firsts else None


def availability(lake: Lake) -> Availability:
    """Status and gaps of every series."""
    holes = {gaps.series: gaps for gaps in lake.holes()}
    series = [one for one in lake.status() if one.series in holes]
    return Availability(series, holes, clock.now(), _states(lake, series))


def _states(lake: Lake, series: Sequence[SeriesStatus]) -> dict[Series, str]:
    """The known status of each, without reading anything."""
    if lake.bucket.folder is None:  # no files whose checks this machine remembers
        return {one.series: "damaged" if one.problem else "not checked" for one in series}
    catalogs = {exchange: lake.catalog(exchange) for exchange in {one.series.exchange for one in series}}
    keys = {one.series: [o.key for o in catalogs[one.series.exchange].get(one.series, ())] for one in series}
    return {one.series: _state(lake, one, keys[one.series]) for one in series}


def _state(lake: Lake, one: SeriesStatus, keys: Sequence[str]) -> str:
    if one.problem or lake.bucket.damaged(keys):
        return "damaged"
    return "ok" if lake.bucket.proven(keys) else "not checked"


def stale_bars(one: SeriesStatus, now: int) -> int:
    """Bars that have closed since the last candle, and are not there."""
    if one.last is None:
        return 0
    name = one.series.interval
    return max(0, intervals.count(name, one.last + 1, intervals.floor(name, now)))
