"""Where a candle chart gets its candles: a series of the lake at any zoom, or a frame in memory."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from cqs_core.time import intervals
from cqs_panel.charts.buckets import MINUTE, Buckets, joined, of_frame, of_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from cqs_core import Bucket, Series
    from cqs_core.lake import LakeObject

_LEVEL = 15 * MINUTE
_LISTED_FOR = 3.0  # seconds for which one listing serves
_AT_ONCE = 2  # months that are read at once
_KEPT = 9  # series whose levels stay in memory, some 16 MB for 5 million candles: a chart and what it compares


class CandleSource(Protocol):
    """The source of a candle chart. Called outside the server's loop, from several threads."""

    @property
    def series(self) -> Series | None:
        """The series of the candles, if it has a name."""
        ...

    @property
    def base(self) -> int:
        """Length of its candles, in ms."""
        ...

    def span(self) -> tuple[int, int] | None:
        """Open of the first and of the last candle, ms UTC; None where there is none."""
        ...

    def buckets(self, start: int, end: int, step: int) -> Buckets:
        """Candles that open in `[start, end)`, gathered into buckets of `step` ms."""
        ...

    def warm(self) -> None:
        """Make ready what views from far need; called when the first view is shown."""
        ...


class FrameCandles:
    """Candles of a DataFrame as `Lake.frame` gives it."""

    def __init__(self, frame: pd.DataFrame, interval: str, series: Series | None = None) -> None:
        self.series, self.base = series, intervals.length(interval)
        self._all = of_frame(frame, self.base)

    def span(self) -> tuple[int, int] | None:
        return (int(self._all.ts[0]), int(self._all.ts[-1])) if len(self._all) else None

    def buckets(self, start: int, end: int, step: int) -> Buckets:
        return self._all.between(start, end).gathered(step)

    def warm(self) -> None:
        """It is all in memory."""


class LakeCandles:
    """Candles of a series of the lake: near, they are read; far, they come from a level of 15 minutes kept in memory.

    The level is made month by month from the objects that hold the month, and again where these change.
    """

    def __init__(self, bucket: Bucket, series: Series) -> None:
        from cqs_core import Lake

        self.series, self.base = series, intervals.length(series.interval)
        self._lake = Lake(bucket)
        self._level = max(self.base, _LEVEL)
        self._months = _kept_months(f"{bucket.url} {series}")
        self._listed: tuple[float, Sequence[LakeObject]] = (0.0, ())
        self._lock = threading.Lock()

    def span(self) -> tuple[int, int] | None:
        filled = [o for o in self._objects() if o.rows]
        return (min(o.first for o in filled), max(o.last for o in filled)) if filled else None

    def buckets(self, start: int, end: int, step: int) -> Buckets:
        if step < self._level:
            return of_table(self._lake.read(self.series, start, end, missing_ok=True), self.base).gathered(step)
        with self._lock, ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = list(pool.map(lambda month: self._month(*month), _months(start, end)))
        return joined(parts, self._level).between(start, end).gathered(step)

    def warm(self) -> None:
        if self.base >= self._level:  # its candles are few
            return
        for month in reversed(list(_months(*(self.span() or (0, 0))))):  # one by one: a view may want some meanwhile
            with self._lock:
                self._month(*month)

    def _month(self, low: int, high: int) -> Buckets:
        made_of = tuple(o.key for o in self._objects() if o.rows and o.first < high and o.last >= low)
        known = self._months.get(low)
        if known is None or known[0] != made_of:
            table = self._lake.read(self.series, low, high, missing_ok=True) if made_of else None
            level = of_table(table, self.base).gathered(self._level) if table is not None else joined([], self._level)
            known = self._months[low] = (made_of, level)
        return known[1]

    def _objects(self) -> Sequence[LakeObject]:
        at, found = self._listed
        if time.monotonic() - at > _LISTED_FOR:
            found = self._lake.objects(self.series)
            self._listed = (time.monotonic(), found)
        return found


class DerivedCandles:
    """Candles as a backtest reads them: stored, or put together from shorter ones; found out when first asked for.

    Args:
        bucket: with the lake.
        series: which.
        day_start: ms after 00:00 UTC at which days, weeks and months begin.
    """

    def __init__(self, bucket: Bucket, series: Series, day_start: int = 0) -> None:
        self.series, self.base = series, intervals.length(series.interval)
        self.day_start, self._bucket = day_start, bucket
        self._lock = threading.Lock()
        self._found: CandleSource | None = None
        self._note = ""

    def note(self) -> str:
        """One sentence on the bars that were left out as incomplete; empty if there are none."""
        self._source()
        return self._note

    def span(self) -> tuple[int, int] | None:
        return self._source().span()

    def buckets(self, start: int, end: int, step: int) -> Buckets:
        return self._source().buckets(start, end, step)

    def warm(self) -> None:
        self._source().warm()

    def _source(self) -> CandleSource:
        from cqs_core import Lake

        with self._lock:
            if self._found is None:
                lake = Lake(self._bucket)
                if lake.sources(self.series, self.day_start) == [self.series.interval]:
                    self._found = LakeCandles(self._bucket, self.series)
                else:
                    made = lake.derived(self.series, day_start=self.day_start)
                    frame, self._note = made.table.to_pandas().set_index("ts"), made.note
                    self._found = FrameCandles(frame, self.series.interval, self.series)
            return self._found


_levels: OrderedDict[str, dict[int, tuple[tuple[str, ...], Buckets]]] = OrderedDict()
_levels_lock = threading.Lock()


def _kept_months(name: str) -> dict[int, tuple[tuple[str, ...], Buckets]]:
    with _levels_lock:
        months = _levels.setdefault(name, {})
        _levels.move_to_end(name)
        while len(_levels) > _KEPT:
            _levels.popitem(last=False)
        return months


def _months(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Months in UTC that `[start, end)` touches, as ms."""
    at = dt.datetime.fromtimestamp(start / 1000, tz=dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while (low := int(at.timestamp() * 1000)) < end:
        at = (at + dt.timedelta(days=32)).replace(day=1)
        yield low, int(at.timestamp() * 1000)
