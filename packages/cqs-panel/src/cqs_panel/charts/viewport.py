"""What a viewport of a candle chart asks a source for, read in a thread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_panel.charts.buckets import step_for
from cqs_panel.charts.damage_notice import or_damage

if TYPE_CHECKING:
    from cqs_core import DataError
    from cqs_panel.charts.buckets import Buckets
    from cqs_panel.charts.sources import CandleSource

MOST = 1_000  # buckets in view; half as many again lie ready on both sides
OPENING = 240  # candles in view at first


class Viewed(NamedTuple):
    """The buckets of a viewport, with half its width on both sides.

    Attributes:
        asked: the range that was read, ms UTC.
        bars: its buckets, or why they cannot be read.
    """

    source: CandleSource
    asked: tuple[int, int]
    bars: Buckets | DataError


class Opened(NamedTuple):
    """A source, and all that a chart needs to show it.

    Attributes:
        ends: opens of its first and last candle, ms UTC; None if it has none.
        view: the viewport, ms UTC.
        viewed: its buckets; None if there are no ends.
    """

    source: CandleSource
    ends: tuple[int, int] | DataError | None
    view: tuple[float, float] = (0, 0)
    viewed: Viewed | None = None


def opened(source: CandleSource, start: int | None, end: int | None) -> Opened:
    """Read what shows `[start, end]`, ms UTC; the newest 240 candles where these are not given."""
    ends = or_damage(source.span)
    if not isinstance(ends, tuple):
        return Opened(source, ends)
    last = ends[1] + source.base
    newest = last - OPENING * source.base
    a, b = newest if start is None else start, last if end is None else end
    view = (a, b) if a < b else (newest, last)
    return Opened(source, ends, view, viewed(source, ends, view))


def viewed(source: CandleSource, ends: tuple[int, int], view: tuple[float, float]) -> Viewed:
    """Read the buckets of a viewport of a source with these ends."""
    (a, b), (first, last) = view, ends
    margin = (b - a) / 2
    asked = max(first, min(last, int(a - margin))), min(last + source.base, int(b + margin))
    step = step_for(b - a, source.base, MOST)
    start, end = asked[0] // step * step, -(-asked[1] // step) * step
    return Viewed(source, asked, or_damage(lambda: source.buckets(start, end, step)))


def possible(start: Any, end: Any) -> bool:
    """Whether a browser may have such a viewport; another is not answered."""
    return all(isinstance(one, int | float) and math.isfinite(one) for one in (start, end)) and start < end
