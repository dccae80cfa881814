"""The interval of candles, inferred from the distances between their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time import intervals
from cqs_core.time.intervals import DAY, INTERVALS, length

if TYPE_CHECKING:
    from cqs_core.trading.candles import Floats, Stamps

_FEW = 3  # rows; fewer say nothing about an interval
_SHARE = 0.02  # of all distances that the shortest one must make up
_WHOLE = 0.95  # of all distances that must be whole bars
_RARE = 0.001  # of all distances that must be one bar
_MONTH = (28 * DAY, 31 * DAY)


def infer_interval(ms: Floats) -> str | None:
    """The interval whose bars these times open; None where too few rows, or no interval fits.

    The shortest distance that is not rare wins, so that a sparse series, with most bars absent, is still told.
    """
    step = spacing(ms)
    if step is None:
        return None
    if _MONTH[0] <= step <= _MONTH[1]:
        return "1M"
    return next((name for name in INTERVALS if length(name) == step and name != "1M"), None)


def spacing(ms: Floats) -> int | None:
    """The shortest distance between neighbors that is not rare, ms; None with too few rows."""
    ts = np.unique(ms[np.isfinite(ms)]).astype(np.int64)
    if len(ts) < _FEW:
        return None
    steps, counts = np.unique(np.diff(ts), return_counts=True)
    common = steps[counts >= max(1, _SHARE * counts.sum())]
    return int(common[0]) if len(common) else int(steps[np.argmax(counts)])


def fits(interval: str, ms: Floats) -> bool:
    """Whether times can be opens of an interval: whole bars apart, and some of them neighbors."""
    ts = np.unique(ms[np.isfinite(ms)]).astype(np.int64)
    if len(ts) < _FEW:
        return True
    steps = np.diff(ts)
    if interval == "1M":
        return bool(np.median(steps) >= _MONTH[0])
    size = length(interval)
    return bool((steps % size == 0).mean() > _WHOLE and (steps == size).sum() >= max(1, _RARE * len(steps)))


def plain(step: int) -> str:
    """A distance for people: `20m`, `36h`, `2d`."""
    for unit, size in (("d", DAY), ("h", intervals.HOUR), ("m", intervals.MINUTE)):
        if step % size == 0:
            return f"{step // size}{unit}"
    return f"{step / 1000:g}s"


def share_on_grid(interval: str, ms: Floats) -> float:
    """How many of the times are opens of an interval, 0 to 1; 0 without any."""
    ts: Stamps = ms[np.isfinite(ms)].astype(np.int64)
    return float(intervals.on_grid(interval, ts).mean()) if len(ts) else 0.0
