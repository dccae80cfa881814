"""What a viewport of a candle chart asks a source for, read in a thread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_panel.charts.buckets import Buckets, bucket_start, step_for
from cqs_panel.charts.damage_notice import or_damage

if TYPE_CHECKING:
    from cqs_core import CqsError
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
    bars: Buckets | CqsError


class Opened(NamedTuple):
    """A source, and all that a chart needs to show it.

    Attributes:
        ends: opens of its first and last candle, ms UTC; None if it has none.
        view: the viewport, ms UTC.
        viewed: its buckets; None if there are no ends.
        last: the newest candle alone; None if it cannot be read.
    """

    source: CandleSource
    ends: tuple[int, int] | CqsError | None
    view: tuple[float, float] = (0, 0)
    viewed: Viewed | None = None
    last: Buckets | None = None


class Wanted(NamedTuple):
    """What a chart is to show at first.

    Attributes:
        start: of the viewport, ms UTC; None is 240 candles before its end.
        end: None is the newest candle.
        span: ms before the newest candle, in place of a start; infinite shows all.
        least: the shortest bucket, in ms; 0 leaves that to the width of the viewport.
    """

    start: int | None = None
    end: int | None = None
    span: float | None = None
    least: int = 0


def opened(source: CandleSource, wanted: Wanted) -> Opened:
    """Read what a chart shows at first."""
    ends = or_damage(source.span)
    if not isinstance(ends, tuple):
        return Opened(source, ends)
    last = ends[1] + source.base
    newest = newest_view(ends, source.base, wanted)
    a, b = newest[0] if wanted.start is None else wanted.start, last if wanted.end is None else wanted.end
    view = (a, b) if a < b else newest
    seen = viewed(source, ends, view, wanted.least)
    return Opened(source, ends, view, seen, _newest(source, ends[1], seen.bars))


def newest_view(ends: tuple[int, int], base: int, wanted: Wanted) -> tuple[float, float]:
    """The viewport at the newest end: a span of time, else 240 candles."""
    last = ends[1] + base
    if wanted.span is None:
        return last - OPENING * max(base, wanted.least), last
    return max(last - wanted.span, ends[0]), last


def _newest(source: CandleSource, at: int, bars: Buckets | CqsError) -> Buckets | None:
    """From what was read, if it is in there."""
    if isinstance(bars, Buckets) and bars.step == source.base and len(bars) and bars.ts[-1] == at:
        return bars.between(at, at + 1)
    last = or_damage(lambda: source.buckets(at, at + 1, source.base))
    return last if isinstance(last, Buckets) and len(last) else None


def viewed(source: CandleSource, ends: tuple[int, int], view: tuple[float, float], least: int = 0) -> Viewed:
    """Read the buckets of a viewport of a source with these ends, none shorter than `least` ms."""
    (a, b), (first, last) = view, ends
    margin = (b - a) / 2
    asked = max(first, min(last, int(a - margin))), min(last + source.base, int(b + margin))
    step = step_of(b - a, source.base, least)
    start, end = bucket_start(asked[0], step), bucket_start(asked[1] - 1, step) + step
    return Viewed(source, asked, or_damage(lambda: source.buckets(start, end, step)))


def step_of(span: float, base: int, least: int = 0) -> int:
    """The length of the buckets that a viewport of `span` ms shows."""
    return max(step_for(span, base, MOST), least if base and least % base == 0 else 0)


def possible(start: Any, end: Any) -> bool:
    """Whether a browser may have such a viewport; another is not answered."""
    return all(isinstance(one, int | float) and math.isfinite(one) for one in (start, end)) and start < end
