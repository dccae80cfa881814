"""Curves over time as a picture in HTML: there at once, until the page rests and the chart takes its place."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_panel.charts.style import RIGHT
from cqs_panel.charts.thinning import thinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LEFT, _EDGE = 8, 4  # pixels that figures leave beside and above what they draw
_MOST = 600  # points of a curve
_WIDTH, _DEEP = 1000, 1000  # units of the drawing, which is stretched to its place
_LABELS, _APART = 6, 36  # of an axis at most, and pixels between two of them
_MARGIN = 0.02  # of the time, that is left free at both ends, as in the chart
_LABEL = 8  # pixels, half of the height of a label
_DATES = (("Y", "%Y", (1, 2, 5, 10)), ("M", "%b %Y", (1, 2, 3, 6)), ("D", "%d %b", (1, 2, 4, 7, 14)))
STILL_CSS = f"""
.cqs-still{{position:relative;color:var(--cqs-muted);font-size:12px;line-height:16px}} .part{{position:relative}}
.part svg{{position:absolute;left:{_LEFT}px;top:{_EDGE}px;width:calc(100% - {_LEFT + RIGHT}px);
  height:calc(100% - {2 * _EDGE}px);overflow:visible}}
.part path{{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}} .part .grid{{stroke:var(--cqs-line)}}
.part span{{position:absolute;left:calc(100% - {RIGHT - 11}px);transform:translateY(-50%)}}
.dates{{position:relative;height:24px;margin:0 {RIGHT}px 0 {_LEFT}px}}
.dates span{{position:absolute;top:4px;transform:translateX(-50%);white-space:nowrap}}
@media(max-width:600px){{.dates span:nth-child(even){{display:none}}}}
"""


class StillCurve(NamedTuple):
    """One curve of a picture.

    Attributes:
        values: float64 (T,).
        low: the value at the lower edge.
        high: the value at the upper edge.
        height: in pixels.
        color: of the line.
        label: the text of a value.
        filled: whether the area up to the upper edge is tinted.
        beside: thinner curves behind it, on the same axis: float64 (T,) and a color each.
    """

    values: npt.NDArray[np.float64]
    low: float
    high: float
    height: int
    color: str
    label: Callable[[float], str]
    filled: bool = False
    beside: Sequence[tuple[npt.NDArray[np.float64], str]] = ()


def still_html(name: str, ts: npt.NDArray[np.int64], curves: Sequence[StillCurve]) -> str:
    """The picture, for a pane with `STILL_CSS`.

    Args:
        name: what it shows.
        ts: int64 (T,), ms UTC, ascending; of all curves, which stand above each other.
        curves: from top to bottom.
    """
    parts = "".join(_part(ts, curve) for curve in curves)
    dates = "".join(f'<span style="left:{100 * at:.1f}%">{text}</span>' for at, text in _dates(ts))
    said = f'role="img" aria-label="{escape(name)}"'
    return f'<div class="cqs-still" {said}>{parts}<div class="dates">{dates}</div></div>'


def _part(ts: npt.NDArray[np.int64], curve: StillCurve) -> str:
    most = min(max(curve.height // _APART, 2), _LABELS)
    marks = [(_share(value, curve), curve.label(value)) for value in _ticks(curve.low, curve.high, most)]
    grid = "".join(f"M0 {_DEEP * at:.0f}H{_WIDTH}" for at, _ in marks)
    top = f"clamp({_LABEL}px,{{:.1f}}%,100% - {_LABEL}px)"  # a label stays within its part
    labels = "".join(f'<span style="top:{top.format(100 * at)}">{escape(text)}</span>' for at, text in marks)
    points = _points(ts, curve)
    behind = [(_points(ts, curve._replace(values=values)), color, 1.2) for values, color in curve.beside]
    drawn = [*behind, (points, curve.color, 2.2 if behind else 1.5)]
    line = "".join(f'<path d="M{at}" stroke="{color}" stroke-width="{width}"/>' for at, color, width in drawn)
    area = f'<path d="M{points}V0H0Z" style="fill:{curve.color};fill-opacity:.25"/>' if curve.filled else ""
    box = f'viewBox="0 0 {_WIDTH} {_DEEP}" preserveAspectRatio="none" aria-hidden="true"'
    shown = f'<svg {box}><path class="grid" d="{grid}"/>{area}{line}</svg>'
    return f'<div class="part" style="height:{curve.height}px">{shown}{labels}</div>'


def _points(ts: npt.NDArray[np.int64], curve: StillCurve) -> str:
    at = thinned(curve.values, _MOST)
    at = at[np.isfinite(curve.values[at])]
    x = _WIDTH * _along((ts[at] - ts[0]) / max(int(ts[-1] - ts[0]), 1))
    return " ".join(f"{a:.0f} {_DEEP * _share(value, curve):.0f}" for a, value in zip(x, curve.values[at], strict=True))


def _along(share: Any) -> Any:
    """Where a share of the time is, as a fraction of the width."""
    return (share + _MARGIN) / (1 + 2 * _MARGIN)


def _share(value: float, curve: StillCurve) -> float:
    """How far below the upper edge a value is, as a fraction of the height."""
    return float((curve.high - value) / ((curve.high - curve.low) or 1.0))


def _ticks(low: float, high: float, most: int) -> list[float]:
    """About so many round values between both.

    >>> _ticks(8.2e6, 25.1e6, 6), _ticks(-31, 0, 3)
    ([10000000.0, 15000000.0, 20000000.0, 25000000.0], [-20.0, 0.0])
    """
    if not high > low:
        return []
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= raw)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _dates(ts: npt.NDArray[np.int64]) -> Iterator[tuple[float, str]]:
    """Starts of years, months or days, each with its place as a fraction of the width."""
    room = np.timedelta64(int(_MARGIN * (ts[-1] - ts[0])), "ms")
    first, last = np.datetime64(int(ts[0]), "ms"), np.datetime64(int(ts[-1]), "ms")
    for unit, form, steps in _DATES:
        starts = np.arange((first - room).astype(f"M8[{unit}]") + 1, (last + room).astype(f"M8[{unit}]") + 1)
        if len(starts) > 2 or unit == "D":
            step = next((one for one in steps if len(starts) <= one * _LABELS), steps[-1])
            for start in starts[starts.astype(np.int64) % step == 0]:
                yield float(_along((start - first) / (last - first))), start.astype("M8[ms]").item().strftime(form)
            return
