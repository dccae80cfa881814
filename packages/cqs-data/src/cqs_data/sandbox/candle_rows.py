"""Candles as the sandbox holds them, and where it gets them from.

Intervals here are those that exchanges know (`3m`, `10m`, `30m` too), not only those that the lake stores.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY, HOUR, MINUTE, WEEK

Stamps = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}
_MONDAY = 4 * DAY


class CandleRows(NamedTuple):
    """Candles in ascending order.

    Attributes:
        ts: int64 (n,), ms UTC of the open.
        values: float64 (n, 5): open, high, low, close, volume.
    """

    ts: Stamps
    values: Floats

    @classmethod
    def empty(cls) -> Self:
        return cls(np.empty(0, np.int64), np.empty((0, 5)))

    def between(self, start: int, end: int) -> CandleRows:
        """Those that open in `[start, end)`."""
        i, j = np.searchsorted(self.ts, (start, end))
        return CandleRows(self.ts[i:j], self.values[i:j])

    def last(self, count: int) -> CandleRows:
        return CandleRows(self.ts[-count:], self.values[-count:])

    def head(self, count: int) -> CandleRows:
        return CandleRows(self.ts[:count], self.values[:count])


class Source(Protocol):
    """Where a sandbox takes its candles from."""

    def markets(self, exchange: str) -> list[str]:
        """Unified names of what trades on this exchange, `BTC/KRW`."""
        ...

    def first(self, exchange: str, market: str) -> int:
        """Open of its first candle, ms UTC."""
        ...

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        """Candles that open in `[start, end)`, up to the unfinished one of this moment."""
        ...


def step(interval: str) -> int:
    """Milliseconds of one bar; a month counts 30 days.

    Raises:
        KeyError: no such unit.
    """
    if interval in {"1w", "1M"}:
        return WEEK if interval == "1w" else 30 * DAY
    return int(interval[:-1]) * _UNITS[interval[-1]]


def floors(interval: str, ts: Stamps) -> Stamps:
    """Opens of the candles that contain the stamps."""
    if interval == "1M":
        months = ts.astype("M8[ms]").astype("M8[M]").astype("M8[ms]")
        return np.asarray(months.astype(np.int64))
    if interval == "1w":
        return (ts - _MONDAY) // WEEK * WEEK + _MONDAY
    size = step(interval)
    return ts // size * size


def divides(fine: str, coarse: str) -> bool:
    """Whether bars of `coarse` can be put together from bars of `fine`."""
    if coarse in {"1w", "1M"}:
        return fine not in {"1w", "1M"}
    return fine not in {"1w", "1M"} and step(coarse) % step(fine) == 0


def aggregate(bars: CandleRows, interval: str) -> CandleRows:
    """Longer bars of shorter ones: first open, highest, lowest, last close, summed volume."""
    return regroup(bars, floors(interval, bars.ts))


def regroup(bars: CandleRows, opens: Stamps) -> CandleRows:
    """The same for bars that belong to candles with these opens, int64 (n,)."""
    if len(bars.ts) == 0:
        return bars
    at = np.flatnonzero(np.r_[True, opens[1:] != opens[:-1]])
    ends = np.r_[at[1:], len(opens)] - 1
    v = bars.values
    columns = (
        v[at, 0],
        np.maximum.reduceat(v[:, 1], at),
        np.minimum.reduceat(v[:, 2], at),
        v[ends, 3],
        np.round(np.add.reduceat(v[:, 4], at), 8),
    )
    return CandleRows(opens[at], np.column_stack(columns))


def newest(source: Source, exchange: str, market: str, interval: str, end: int, count: int) -> CandleRows:
    """The last `count` candles that open before `end`: exchanges that page backwards."""
    first, span = source.first(exchange, market), step(interval) * (count + 2)
    while True:
        bars = source.bars(exchange, market, interval, end - span, end)
        if len(bars.ts) >= count or end - span < first - step(interval):
            return bars.last(count)
        span *= 4


def oldest(source: Source, exchange: str, market: str, interval: str, start: int, end: int, count: int) -> CandleRows:
    """The first `count` candles that open in `[start, end)`: exchanges that page forwards."""
    span = step(interval) * (count + 2)
    start = max(start, source.first(exchange, market) - step(interval))
    while True:
        bars = source.bars(exchange, market, interval, start, min(end, start + span))
        if len(bars.ts) >= count or start + span >= end:
            return bars.head(count)
        span *= 4
