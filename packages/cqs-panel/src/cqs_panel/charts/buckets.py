"""Candles gathered into buckets: exact open, high, low, close and volume of each, on integer milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

MINUTE = 60_000
WEEK = 7 * 24 * 60 * MINUTE
_STEPS = tuple(MINUTE * n for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 4320, 10_080, 20_160, 40_320))
_OFFERED = (5, 15, 60, 240, 720, 1440, 10_080)  # minutes; a bar with each of the steps would not fit
_NAMES = ((WEEK, "w"), (1440 * MINUTE, "d"), (60 * MINUTE, "h"), (MINUTE, "m"))
_MONDAY = 4 * 24 * 60 * MINUTE  # 1970-01-05
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Buckets:
    """Bars of one length.

    Attributes:
        step: their length in ms.
        ts: int64 (N,), ms UTC of each bucket's start, ascending; a bucket without candles is absent.
        open: float64 (N,), as are `high`, `low`, `close` and `volume`.
    """

    step: int
    ts: npt.NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.ts)

    def between(self, start: int, end: int) -> Buckets:
        """Those that begin in `[start, end)`."""
        low, high = np.searchsorted(self.ts, (start, end))
        return Buckets(self.step, *(getattr(self, name)[low:high] for name in ("ts", *_FIELDS)))

    def gathered(self, step: int) -> Buckets:
        """The same candles in longer buckets; `step` must be a multiple of the current one."""
        if step == self.step or not len(self):
            return Buckets(step, *(getattr(self, name) for name in ("ts", *_FIELDS)))
        shift = _shift(step)
        key = (self.ts - shift) // step
        first = np.concatenate(([0], np.flatnonzero(np.diff(key)) + 1))
        last = np.concatenate((first[1:], [len(key)])) - 1
        return Buckets(
            step,
            key[first] * step + shift,
            self.open[first],
            np.maximum.reduceat(self.high, first),
            np.minimum.reduceat(self.low, first),
            self.close[last],
            np.add.reduceat(self.volume, first),
        )


_FIELDS = ("open", "high", "low", "close", "volume")


def of_table(table: pa.Table, step: int) -> Buckets:
    """Candles as `Lake.read` gives them."""
    ts = table.column("ts").to_numpy().astype("datetime64[ms]").astype(np.int64)
    return Buckets(step, ts, *(table.column(name).to_numpy() for name in _FIELDS))


def of_frame(frame: pd.DataFrame, step: int) -> Buckets:
    """Candles as `Lake.frame` gives them: a UTC index of opens."""
    ts = frame.index.as_unit("ms").asi8  # type: ignore[attr-defined]
    return Buckets(step, ts, *(frame[name].to_numpy(dtype=np.float64) for name in _FIELDS))


def of_rows(rows: Sequence[Sequence[float]], step: int) -> Buckets:
    """Candles as rows of ts (ms UTC), open, high, low, close, volume."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Buckets(step, table[:, 0].astype(np.int64), *table[:, 1:].T.copy())


def joined(parts: list[Buckets], step: int) -> Buckets:
    """Buckets one after the other."""
    names = ("ts", *_FIELDS)
    arrays = [np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0) for name in names]
    return Buckets(step, arrays[0].astype(np.int64), *arrays[1:])


def step_for(span: float, base: int, most: int) -> int:
    """The shortest bucket that covers `span` ms in at most `most`, a multiple of the candles' own length `base`."""
    fitting = [step for step in _STEPS if step >= base and step % base == 0] or [base]
    return next((step for step in fitting if span / step <= most), fitting[-1])


def bucket_start(ts: int, step: int) -> int:
    """Start of the bucket that holds a time; weeks begin on Monday.

    >>> bucket_start(_MONDAY + 3, WEEK) == _MONDAY, bucket_start(61_000, MINUTE)
    (True, 60000)
    """
    shift = _shift(step)
    return (ts - shift) // step * step + shift


def steps(base: int) -> list[int]:
    """The buckets that candles of this length can be gathered into, shortest first; the first is `base` itself.

    >>> [name_of(step) for step in steps(4 * 60 * MINUTE)]
    ['4h', '12h', '1d', '1w']
    """
    shown = (MINUTE * n for n in _OFFERED)
    return [base, *(step for step in shown if step > base and step % base == 0)]


def _shift(step: int) -> int:
    return _MONDAY if step % WEEK == 0 else 0


def name_of(step: int) -> str:
    """A bucket's length as an interval is written.

    >>> name_of(4 * 60 * MINUTE), name_of(WEEK)
    ('4h', '1w')
    """
    return next(f"{step // unit}{letter}" for unit, letter in _NAMES if step % unit == 0)
