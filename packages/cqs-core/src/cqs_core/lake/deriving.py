"""Candles of a series at any interval: stored, or put together from shorter candles that are stored."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_core.errors import UsageError
from cqs_core.lake.coverage import runs_of
from cqs_core.lake.incomplete import LeftOut, reasons_of
from cqs_core.lake.rejects import refused
from cqs_core.lake.resampling import bar_ends, bar_opens, resample, shift_of
from cqs_core.lake.series_table import SCHEMA, stamps
from cqs_core.lake.shorter_candles import is_stored, own_days, sources_of, why_no_days
from cqs_core.lake.spans import Spans
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import Series
    from cqs_core.lake.ranges import Range
    from cqs_core.trading.candles import Stamps

_BREAK = 31 * DAY  # between two holes that are read one by one
_NO_BARS: Stamps = np.empty(0, np.int64)


class Derived(NamedTuple):
    """Candles of a series, and what they were put together from.

    Attributes:
        series: whose candles.
        table: ts, open, high, low, close, volume.
        sources: intervals that were read, longest first.
        incomplete: opens of bars that were left out, since the lake has not all of their shorter candles, ms UTC; not
            those in which the stored candles begin and end, which are never whole.
        reasons: str (N,), why each of them was, see `incomplete.REASONS`.
    """

    series: Series
    table: pa.Table
    sources: Sequence[str]
    incomplete: Stamps
    reasons: npt.NDArray[np.str_]

    @property
    def left_out(self) -> LeftOut | None:
        """The bars that were left out; None if there are none."""
        return LeftOut(self.series, self.sources[-1], self.incomplete, self.reasons) if len(self.incomplete) else None

    @property
    def note(self) -> str:
        """One sentence on the bars that were left out; empty if there are none."""
        return str(self.left_out or "")


def derive(
    lake: Lake,
    series: Series,
    start: int | None = None,
    end: int | None = None,
    day_start: int = 0,
    *,
    again: bool = False,
) -> Derived:
    """Candles that open in `[start, end)`, ms UTC; empty where neither they nor shorter ones are stored.

    Each stretch comes from the longest interval that was answered there: old hours, newer minutes. Bars that were not
    answered whole are left out: of a file, only what it has counts as answered, and of what was refused nothing does.

    Raises:
        UsageError: days of another start are stored, and no shorter candles.
        DataError: an object is damaged or missing.
    """
    names = sources_of(lake, series, day_start)
    if not names and own_days(series.interval, day_start) and is_stored(lake, series):
        raise UsageError(why_no_days(series, day_start))
    chain = [_Source(lake, series._replace(interval=name), again) for name in names]
    if not chain or names == [series.interval]:
        return Derived(
            series, lake.read(series, start, end, again=again, missing_ok=True), names, _NO_BARS, np.empty(0, "U13")
        )
    shift = 0 if names[0] == series.interval else shift_of(series.interval, day_start)
    bounds = _bounds(chain, *(_next_open(series.interval, ts, shift) for ts in (start, end)))
    found = _filled(chain, *bounds)
    if names[0] != series.interval:
        made = resample(found.table, series.interval, found.answered, day_start)
        unknown = _unknown(series.interval, found.answered, _within(chain, *bounds), day_start)
        found = _Filled(made.table, found.answered, unknown)
    incomplete = _inside(chain, series.interval, found.incomplete, day_start)
    reasons = _reasons(chain, series.interval, incomplete, day_start)
    return Derived(series, found.table, names, incomplete, reasons)


def _next_open(interval: str, ts: int | None, shift: int) -> int | None:
    """The first open at or after `ts`; opens are `shift` ms later than usual."""
    return None if ts is None else intervals.ceil(interval, ts - shift) + shift


def _unknown(interval: str, answered: Spans, bounds: Range, day_start: int) -> Stamps:
    """Opens of bars between two times whose range was not fully answered."""
    shift = shift_of(interval, day_start)
    opens = intervals.opens(interval, bounds[0] - shift, bounds[1] - shift) + shift
    return np.asarray(opens[~answered.contain(Spans(opens, bar_ends(interval, opens, day_start)))])


def _inside(chain: Sequence[_Source], interval: str, opens: Stamps, day_start: int) -> Stamps:
    """Without the bars in which the stored candles begin and end."""
    first, last = _bounds(chain, None, None)
    return np.asarray(opens[(opens >= first) & (bar_ends(interval, opens, day_start) <= last)])


def _within(chain: Sequence[_Source], start: int, end: int) -> Range:
    first, last = _bounds(chain, None, None)
    return max(first, start), min(last, end)


def _reasons(chain: Sequence[_Source], interval: str, opens: Stamps, day_start: int) -> npt.NDArray[np.str_]:
    kept = Spans.of((o.start, o.end) for source in chain for o in source.objects)
    came = [source.refused for source in chain] if len(opens) else []
    return reasons_of(interval, opens, day_start, kept, np.unique(np.concatenate(came)) if came else _NO_BARS)


class _Source:
    """A stored series: its candles, and the ranges in which a candle that is missing does not exist."""

    def __init__(self, lake: Lake, series: Series, again: bool) -> None:
        self._lake, self._series, self._again = lake, series, again
        self.interval = series.interval
        found = lake.contents(series)
        self.objects = found.objects
        self.promised = [*found.objects, *found.missing]  # reading where one is missing says so

    def read(self, start: int, end: int) -> pa.Table:
        return self._lake.read(self._series, start, end, again=self._again, missing_ok=True)

    @cached_property
    def refused(self) -> Stamps:
        """Opens of candles that were received and not stored."""
        return np.array(refused(self._lake.bucket, self._series), np.int64)

    def answered(self, ts: Stamps) -> Spans:
        """By its objects; of files, only the candles that they have (of archives, all of their range)."""
        asked = Spans.of((o.start, o.end) for o in self.objects if o.source != "import")
        lost = _without(self.refused, ts)
        if len(lost):
            asked = asked.minus(Spans.union(lost, bar_ends(self.interval, lost)))
        if not any(o.source == "import" for o in self.objects):
            return asked
        runs = runs_of(self.interval, ts)
        return Spans.union(np.r_[asked.starts, runs.starts], np.r_[asked.ends, runs.ends])


def _without(some: Stamps, ts: Stamps) -> Stamps:
    """Those that are not among sorted stamps; `np.setdiff1d` takes seconds of a year of minutes."""
    at = np.searchsorted(ts, some)
    return np.asarray(some[(at == len(ts)) | (np.append(ts, 0)[at] != some)])


class _Filled(NamedTuple):
    table: pa.Table
    answered: Spans
    incomplete: Stamps


def _filled(chain: Sequence[_Source], start: int, end: int) -> _Filled:
    """Candles of the first source in `[start, end)`; what it was not asked for comes from the shorter ones after it."""
    source, shorter = chain[0], chain[1:]
    table = source.read(start, end)
    answered = source.answered(stamps(table))
    if not shorter:
        return _Filled(table, answered, _NO_BARS)
    found, spans, incomplete = [table], [answered], [_NO_BARS]
    holes = _of_bars(source.interval, answered.without(start, end))
    for low, high in zip(*_near(holes), strict=True):
        finer = _filled(shorter, int(low), int(high))
        made = resample(finer.table, source.interval, finer.answered)
        found.append(made.table.filter(holes.contain(_bars(source.interval, stamps(made.table)))))
        spans.append(finer.answered)
        incomplete.append(made.incomplete[holes.contain(_bars(source.interval, made.incomplete))])
    return _Filled(_joined(found), _union(spans), np.concatenate(incomplete))


def _of_bars(interval: str, holes: Spans) -> Spans:
    """Bars that overlap a hole."""
    last = bar_opens(interval, holes.ends - 1)
    return Spans.union(bar_opens(interval, holes.starts), bar_ends(interval, last))


def _near(holes: Spans) -> Spans:
    """Stretches of holes that are read at once: a sparse series has a hundred thousand of them a year."""
    if not len(holes):
        return holes
    # Holes closer than `_BREAK` share a read: reading between them is cheaper than another read.
    breaks = np.flatnonzero(holes.starts[1:] - holes.ends[:-1] > _BREAK)
    return Spans(holes.starts[np.r_[0, breaks + 1]], holes.ends[np.r_[breaks, -1]])


def _bars(interval: str, opens: Stamps) -> Spans:
    return Spans(opens, bar_ends(interval, opens))


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Ascending, one candle a stamp: that of the earlier table."""
    import pyarrow as pa

    whole = pa.concat_tables([table.select(SCHEMA.names).cast(SCHEMA) for table in tables])
    _, first = np.unique(stamps(whole), return_index=True)
    return whole.take(first).combine_chunks()


def _union(spans: Sequence[Spans]) -> Spans:
    return Spans.union(np.concatenate([s.starts for s in spans]), np.concatenate([s.ends for s in spans]))


def _bounds(chain: Sequence[_Source], start: int | None, end: int | None) -> tuple[int, int]:
    """The requested range; open ends are those of the stored candles."""
    objects = [o for source in chain for o in source.promised if o.rows]
    low = min((o.first for o in objects), default=0) if start is None else start
    high = max((o.end for o in objects), default=0) if end is None else end
    return low, max(low, high)
