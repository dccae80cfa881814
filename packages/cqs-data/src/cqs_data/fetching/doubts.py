"""Ranges in which an exchange showed no candles, and which are not believed, or not yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cqs_core.time import clock, intervals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core import Series


@dataclass(frozen=True)
class Doubt:
    """A range without candles, by one answer or by answers that touch.

    Attributes:
        start: first open, ms UTC.
        end: exclusive.
        since: when the (last) answer came, seconds of `time.monotonic`.
        left: open of the last candle that was seen before it; None where none was.
        right: open of the first candle that was seen after it; None where none was.
        shown: whether the answer showed any candle at all, one that was known already or a new one.
        why: why it is not believed; empty where it may still be.
    """

    start: int
    end: int
    since: float
    left: int | None = None
    right: int | None = None
    shown: bool = False
    why: str = ""

    def description(self, series: Series) -> str:
        """One line: what is doubtful, why, and what happens next."""
        start, end = (clock.iso(at)[:16].replace("T", " ") for at in (self.start, self.end))
        bars = intervals.count(series.interval, self.start, self.end)
        counted = "1 bar" if bars == 1 else f"{bars:,} bars"
        description = f"{series} is doubtful from {start} to {end} ({counted} without a candle): {self.why}"
        return f"{description}; not recorded, the same command asks again"


def merged(doubts: Iterable[Doubt]) -> list[Doubt]:
    """Those that touch or overlap as one, ascending; it is as old as the youngest of them."""
    found: list[Doubt] = []
    for doubt in sorted(doubts, key=lambda one: (one.start, one.end)):
        if found and doubt.start <= found[-1].end:
            found[-1] = _joined(found[-1], doubt)
        else:
            found.append(doubt)
    return found


def within(doubts: Iterable[Doubt], ranges: Iterable[tuple[int, int]]) -> list[Doubt]:
    """The parts of doubts that lie in the ranges."""
    spans = list(ranges)
    cut = ((one, max(one.start, low), min(one.end, high)) for one in doubts for low, high in spans)
    return [replace(one, start=low, end=high) for one, low, high in cut if low < high]


def _joined(one: Doubt, other: Doubt) -> Doubt:
    last = max(one, other, key=lambda doubt: doubt.end)
    since, shown, why = max(one.since, other.since), one.shown and other.shown, one.why or other.why
    return replace(one, end=last.end, since=since, right=last.right, shown=shown, why=why)
