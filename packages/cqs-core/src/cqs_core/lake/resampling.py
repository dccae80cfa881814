"""Longer candles out of shorter ones: first open, highest, lowest, last close, summed volume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import intervals
from cqs_core.candles import FIELDS, Stamps
from cqs_core.intervals import DAY, WEEK
from cqs_core.lake.ranges import Range, subtract
from cqs_core.lake.table import candle_table, stamps

if TYPE_CHECKING:
    import pyarrow as pa

_MONDAY = 4 * DAY


def resample(table: pa.Table, interval: str, answered: Iterable[Range] | None = None, day_start: int = 0) -> pa.Table:
    """Candles of a longer interval.

    Args:
        table: ts, open, high, low, close, volume, ascending; its interval divides `interval`.
        interval: wanted.
        answered: ranges that were asked and answered, ms UTC: bars that they do not cover whole are left out.
            None is from the first stamp to the last, where only the first and last bar may be incomplete.
        day_start: ms after 00:00 UTC at which days (and weeks and months) begin.
    """
    ts = stamps(table)
    if not len(ts):
        return table
    opens = bar_opens(interval, ts, day_start)
    first = np.flatnonzero(np.r_[True, opens[1:] != opens[:-1]])
    last = np.r_[first[1:], len(ts)] - 1
    columns = {name: table.column(name).to_numpy() for name in FIELDS}
    values = np.column_stack(
        [
            columns["open"][first],
            np.maximum.reduceat(columns["high"], first),
            np.minimum.reduceat(columns["low"], first),
            columns["close"][last],
            np.add.reduceat(columns["volume"], first),
        ]
    )
    whole = _whole(interval, opens[first], day_start, _ranges(ts, answered))
    return candle_table(opens[first][whole], values[whole])


def shift_of(interval: str, day_start: int) -> int:
    """How far bars of an interval are moved, ms: days, weeks and months begin with the house's day.

    A day that begins after noon UTC is that of the next date, east of Greenwich: weeks begin with its Monday.
    """
    if intervals.length(interval) < DAY:
        return 0
    return day_start if day_start <= DAY // 2 else day_start - DAY


def bar_opens(interval: str, ts: Stamps, day_start: int = 0) -> Stamps:
    """The open of the bar that each stamp is in; `day_start` moves days, weeks and months."""
    shift = shift_of(interval, day_start)
    moved = ts - shift
    if interval == "1M":
        months = moved.astype("M8[ms]").astype("M8[M]").astype("M8[ms]").astype(np.int64)
        return np.asarray(months + shift)
    if interval == "1w":
        return np.asarray((moved - _MONDAY) // WEEK * WEEK + _MONDAY + shift)
    step = intervals.length(interval)
    return np.asarray(moved // step * step + shift)


def _ranges(ts: Stamps, answered: Iterable[Range] | None) -> list[Range]:
    if answered is not None:
        return list(answered)
    step = int(np.diff(ts).min()) if len(ts) > 1 else 1
    return [(int(ts[0]), int(ts[-1]) + step)]


def _whole(
    interval: str, opens: Stamps, day_start: int, answered: Sequence[Range]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which bars lie wholly in answered ranges; only those that touch what was not answered are looked at singly."""
    shift = shift_of(interval, day_start)
    ends = np.array([_end(interval, int(opens[-1]), shift)]) if len(opens) else opens
    ends = np.r_[opens[1:], ends]
    whole = np.ones(len(opens), bool)
    for start, stop in subtract((int(opens[0]), int(ends[-1])), answered):
        low, high = np.searchsorted(opens, (start, stop))
        for i in range(max(0, int(low) - 1), int(high)):
            if start < _end(interval, int(opens[i]), shift) and stop > opens[i]:
                whole[i] = False
    return whole


def _end(interval: str, opened: int, shift: int) -> int:
    return intervals.next_open(interval, opened - shift) + shift
