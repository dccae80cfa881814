"""The interval of candles: as it is said, checked against the distances between their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core import UsageError
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY, INTERVALS, length

if TYPE_CHECKING:
    from cqs_core.trading import Floats, Stamps

_FEW = 3  # rows; fewer say nothing about an interval
_SHARE = 0.02  # of all distances that the shortest one must make up
_WHOLE = 0.95  # of all distances that must be whole bars
_RARE = 0.001  # of all distances that must be one bar
_MONTH = (28 * DAY, 31 * DAY)
_IRREGULAR = 3  # how much longer than the shortest distance the longest one is in a sparse series
_ROW = 24  # equal distances one after the other, longer than the interval's: no series without trades has them


def decide_interval(name: str, given: str | None, hinted: str | None, ms: Floats) -> str:
    """The interval of a file.

    Args:
        name: of the file, for messages.
        given: as the call or a column says it.
        hinted: as the file's name says it.
        ms: times of its rows.

    Raises:
        UsageError: the times show another one than was given, or several, or none.
    """
    inferred, step = infer_interval(ms), spacing(ms)
    interval = given or inferred or (hinted if step is None else None)
    if interval is None:
        observed = "it has too few rows to tell" if step is None else f"its rows are {plain(step)} apart"
        raise UsageError(f"the interval of {name!r} is not known: {observed}; say --interval")
    if not fits(interval, ms):
        reason = f"like {inferred}: say --interval {inferred}" if inferred else f"{plain(step or 0)} apart"
        raise UsageError(f"{name!r} is not of interval {interval!r}: its rows are {reason}")
    if other := _second(interval, ms):
        raise UsageError(
            f"{name!r} has candles of two intervals, {interval} and {other}; save each interval as its own file"
        )
    return interval


def infer_interval(ms: Floats) -> str | None:
    """The interval whose bars these times open; None where too few rows, or no interval fits.

    The shortest distance that is not rare wins, so that a sparse series, with most bars absent, is still recognized.
    """
    step = spacing(ms)
    if step is None:
        return None
    if _MONTH[0] <= step <= _MONTH[1]:
        return "1M"
    return _named(step) or _named(_sparse(ms))


def _named(step: int) -> str | None:
    return next((name for name in INTERVALS if length(name) == step and name != "1M"), None)


def _sparse(ms: Floats) -> int:
    """The largest common divisor of all distances, if they differ much; else 0."""
    steps = np.diff(np.unique(ms[np.isfinite(ms)]).astype(np.int64))
    return int(np.gcd.reduce(steps)) if steps.max() > _IRREGULAR * steps.min() else 0


def _second(interval: str, ms: Floats) -> str | None:
    """A longer interval that many rows in a stretch have; None where there is none."""
    steps = np.diff(np.unique(ms[np.isfinite(ms)]).astype(np.int64))
    edges = np.flatnonzero(np.diff(steps)) + 1  # runs of equal steps begin here
    starts, ends = np.r_[0, edges], np.r_[edges, len(steps)]
    long = (ends - starts >= _ROW) & (steps[starts] > length(interval)) if len(steps) else np.zeros(1, bool)
    return plain(int(steps[starts[long][0]])) if long.any() and interval != "1M" else None


def spacing(ms: Floats) -> int | None:
    """The shortest distance between neighbors that is not rare, ms; None with too few rows."""
    ts = np.unique(ms[np.isfinite(ms)]).astype(np.int64)
    if len(ts) < _FEW:
        return None
    steps, counts = np.unique(np.diff(ts), return_counts=True)
    common = steps[counts >= max(1, _SHARE * counts.sum())]
    return int(common[0]) if len(common) else int(steps[np.argmax(counts)])


def fits(interval: str, ms: Floats) -> bool:
    """Whether times can be opens of an interval: whole bars apart, and some adjacent."""
    ts = np.unique(ms[np.isfinite(ms)]).astype(np.int64)
    if len(ts) < _FEW:
        return True
    steps = np.diff(ts)
    if interval == "1M":
        return bool(np.median(steps) >= _MONTH[0])
    size = length(interval)
    neighbors = (steps == size).sum() >= max(1, _RARE * len(steps))
    return bool((steps % size == 0).mean() > _WHOLE and (neighbors or _sparse(ms) == size))


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
