"""Individual drawdowns: depth, length, and recovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import peaks

if TYPE_CHECKING:
    from cqs_core.trading.metrics import Floats, Stamps


@dataclass(frozen=True)
class EquityDrawdown:
    """One drawdown, from a high until equity is back at it.

    Attributes:
        start: the high, ms UTC.
        trough: the lowest point.
        end: where equity was back at the high; None while it is not.
        depth_pct: percent, negative.
        days: from start to end, or to the last point.
        recovery_days: from trough to end; None while it is not over.
    """

    start: int
    trough: int
    end: int | None
    depth_pct: float
    days: float
    recovery_days: float | None


def all_drawdowns(ts: Stamps, equity: Floats, capital: float) -> list[EquityDrawdown]:
    """All drawdowns by time; a fall below the initial capital begins at the first bar."""
    high = peaks(equity, capital)
    return [_one(ts, equity, high, int(a), int(b)) for a, b in zip(*spells(equity, high), strict=True)]


def spells(equity: Floats, high: Floats) -> tuple[Stamps, Stamps]:
    """First row below the high, and first row back at it, of each drawdown."""
    # Padded with False, changes alternate: even ones enter a drawdown, odd ones leave it.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], equity < high, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]


def worst_drawdowns(ts: Stamps, equity: Floats, capital: float, most: int = 5) -> list[EquityDrawdown]:
    """The deepest ones, deepest first."""
    return sorted(all_drawdowns(ts, equity, capital), key=lambda drawdown: drawdown.depth_pct)[:most]


def _one(ts: Stamps, equity: Floats, high: Floats, first: int, stop: int) -> EquityDrawdown:
    start = int(ts[max(first - 1, 0)])
    low = first + int(np.argmin(equity[first:stop]))
    end = int(ts[stop]) if stop < len(ts) else None
    last = int(ts[-1]) if end is None else end
    depth = 100 * float(equity[low] / high[low] - 1)
    recovery = None if end is None else (end - int(ts[low])) / DAY
    return EquityDrawdown(start, int(ts[low]), end, depth, (last - start) / DAY, recovery)
