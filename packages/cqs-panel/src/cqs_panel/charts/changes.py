"""The changes at the newest end of a candle chart, and buckets as drawn columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_panel.charts.buckets import Buckets, joined

if TYPE_CHECKING:
    from cqs_panel.charts.sources import CandleSource

OHLCV = ("open", "high", "low", "close", "volume")
_WIDTH = 0.72  # of a bucket, that its body takes


class Changed(NamedTuple):
    """The result of a redraw: buckets from `begin` on, none if it is None; and the newest candle."""

    source: CandleSource
    begin: int | None
    bars: Buckets
    ends: tuple[int, int]
    last: Buckets


def changed(source: CandleSource, begin: int | None, step: int) -> Changed:
    ends = source.span() or (0, 0)
    bars = joined([], step) if begin is None else source.buckets(begin, ends[1] + 1, step)
    return Changed(source, begin, bars, ends, source.buckets(ends[1], ends[1] + 1, source.base))


def columns(bars: Buckets, colors: Any) -> dict[str, Any]:
    start = bars.ts.astype(np.float64)
    center, half = start + bars.step / 2, bars.step * _WIDTH / 2
    return {
        **{name: np.array(getattr(bars, name)) for name in OHLCV},  # copies: a redraw writes into them
        "start": start,
        "ts": center,
        "left": center - half,
        "right": center + half,
        "middle": (bars.open + bars.close) / 2,
        "body": np.abs(bars.close - bars.open),
        "half": bars.volume / 2,
        "width": np.full(len(bars), 2 * half),
        "step": np.full(len(bars), float(bars.step)),
        "color": np.where(bars.close >= bars.open, colors.up, colors.down),
    }
