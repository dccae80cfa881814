"""Longer candles out of shorter ones: first open, highest, lowest, last close, summed volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cqs_core.lake.series_table import candle_table, stamps
from cqs_core.lake.spans import Spans
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY, WEEK
from cqs_core.trading.candles import FIELDS, Stamps

if TYPE_CHECKING:
    import pyarrow as pa

_MONDAY = 4 * DAY


class Resampled(NamedTuple):
    """Longer candles, and how many were left out since not all of them was answered.

    Attributes:
        table: ts, open, high, low, close, volume of whole bars.
        incomplete: opens of bars that were left out, ms UTC.
    """

    table: pa.Table
    incomplete: Stamps


def resample(table: pa.Table, interval: str, answered: Spans | None = None, day_start: int = 0) -> Resampled:
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
        return Resampled(table, ts)
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
    opens = opens[first]
    whole = (_span(ts) if answered is None else answered).contain(Spans(opens, bar_ends(interval, opens, day_start)))
    return Resampled(candle_table(opens[whole], values[whole]), opens[~whole])


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


def bar_ends(interval: str, opens: Stamps, day_start: int = 0) -> Stamps:
    """The end of the bar that opens at each stamp."""
    if interval != "1M":
        return opens + intervals.length(interval)
    shift = shift_of(interval, day_start)
    months = (opens - shift).astype("M8[ms]").astype("M8[M]") + 1
    return np.asarray(months.astype("M8[ms]").astype(np.int64) + shift)


def _span(ts: Stamps) -> Spans:
    step = int(np.diff(ts).min()) if len(ts) > 1 else 1
    return Spans.of([(int(ts[0]), int(ts[-1]) + step)])
