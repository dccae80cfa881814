"""The newest closes of a series, for cards of the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core import DataError, Lake, Series
from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import SeriesStatus

_BARS = 60


class RecentCloses(NamedTuple):
    """The newest closes of a series, oldest first; `last` is the open of the newest candle, ms UTC.

    Attributes:
        fault: why there are no closes; None where they could be read.
    """

    series: Series
    closes: Sequence[float]
    last: int
    fault: DataError | None = None


def recent_closes(lake: Lake, status: SeriesStatus) -> RecentCloses:
    """A damaged series takes no other along: its closes are empty, and `fault` says why."""
    last = status.last or 0
    try:
        table = lake.read(status.series, intervals.next_open(status.series.interval, last, -_BARS), missing_ok=True)
    except DataError as error:
        return RecentCloses(status.series, (), last, error)
    return RecentCloses(status.series, table.column("close").to_numpy().tolist(), last)
