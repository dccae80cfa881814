"""Many half-open ranges at once, as two columns: sparse markets have a hundred thousand holes a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core.lake.ranges import Range
    from cqs_core.trading.candles import Stamps


class Spans(NamedTuple):
    """Ranges of int64 ms UTC, sorted, disjoint and not touching.

    >>> Spans.union([5, 1, 3], [9, 3, 4])
    Spans(starts=array([1, 5]), ends=array([4, 9]))
    """

    starts: Stamps
    ends: Stamps

    @classmethod
    def union(cls, starts: npt.ArrayLike, ends: npt.ArrayLike) -> Spans:
        """All that any of these ranges covers; none is empty."""
        low, high = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
        order = np.argsort(low, kind="stable")
        # `reach` is the end of all ranges so far: a new span begins where a range starts beyond it.
        low, reach = low[order], np.maximum.accumulate(high[order]) if len(order) else high
        begins = np.flatnonzero(np.r_[True, low[1:] > reach[:-1]]) if len(low) else np.empty(0, np.intp)
        return cls(low[begins], reach[np.r_[begins[1:] - 1, len(low) - 1]] if len(low) else reach)

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> Spans:
        """Spans from pairs."""
        pairs = [pair for pair in ranges if pair[0] < pair[1]]
        return cls.union([low for low, _ in pairs], [high for _, high in pairs])

    def between(self) -> Spans:
        """The gaps between the ranges."""
        return Spans(self.ends[:-1], self.starts[1:])

    def within(self, start: int, end: int) -> Spans:
        """Their parts in `[start, end)`."""
        low, high = np.maximum(self.starts, start), np.minimum(self.ends, end)
        return Spans(low[low < high], high[low < high])

    def without(self, start: int, end: int) -> Spans:
        """The parts of `[start, end)` that they do not cover."""
        inside = self.within(start, end)
        low, high = np.r_[start, inside.ends], np.r_[inside.starts, end]
        return Spans(low[low < high], high[low < high])

    def minus(self, other: Spans) -> Spans:
        """The parts that these cover and the others do not."""
        # Between two adjacent edges nothing begins or ends, so each piece is inside or outside as a whole.
        edges = np.unique(np.concatenate([*self, *other]))
        low, high = edges[:-1], edges[1:]
        pieces = Spans(low, high)
        kept = self.contain(pieces) & ~other.contain(pieces)
        return Spans.union(low[kept], high[kept])

    def contain(self, other: Spans) -> npt.NDArray[np.bool_]:
        """Which of the other ranges lie wholly within these."""
        if not len(self.starts):
            return np.zeros(len(other.starts), bool)
        at = np.searchsorted(self.starts, other.starts, "right") - 1
        return np.asarray((at >= 0) & (self.ends[at] >= other.ends))

    def shared(self, other: Spans) -> npt.NDArray[np.int64]:
        """Milliseconds of each of the other ranges that lie within these."""
        return np.asarray(self._before(other.ends) - self._before(other.starts))

    def _before(self, ts: Stamps) -> npt.NDArray[np.int64]:
        """Milliseconds of these that lie before each stamp."""
        whole = np.concatenate(([0], np.cumsum(self.ends - self.starts)))
        at = np.searchsorted(self.starts, ts, "right")
        # All spans that start before `ts`, minus the part of the last one that reaches beyond it.
        over = np.maximum(0, self.ends[at - 1] - ts) * (at > 0) if len(self.starts) else 0
        return np.asarray(whole[at] - over)

    def touched(self, ts: Stamps) -> npt.NDArray[np.bool_]:
        """Which of these hold at least one of the sorted stamps."""
        return np.asarray(np.searchsorted(ts, self.starts) < np.searchsorted(ts, self.ends))

    def __len__(self) -> int:
        return len(self.starts)
