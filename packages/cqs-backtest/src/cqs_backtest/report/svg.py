"""Charts as inline SVG: a few hundred points, colors from the page's variables."""

from __future__ import annotations

import datetime as dt
import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core.trading.metrics import Floats, Stamps

_RIGHT, _BOTTOM, _TOP = 70.0, 22.0, 8.0
_MOST = 1200  # points


def lines(
    ts: Stamps, series: Mapping[str, Floats], height: int, title: str, *, log: bool = False, width: int = 1000
) -> str:
    """Lines over time, the first one in the accent color; value axis at the right.

    Args:
        ts: ms UTC.
        series: (T,) each; positive where `log`.
        height: in pixels, at the width given.
        title: read by screen readers.
        log: logarithmic values.
        width: in pixels; the drawing scales with its place.
    """
    at = _thinned(ts, next(iter(series.values())))
    values = {name: np.log10(y[at]) if log else y[at] for name, y in series.items()}
    low, high = min(float(y.min()) for y in values.values()), max(float(y.max()) for y in values.values())
    x, y_of = _scales(ts[at], low, high, height, width)
    drawn = [_grid(low, high, y_of, width, log=log), _years(ts, height, width)]
    for i, (name, y) in reversed(list(enumerate(values.items()))):
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y_of(y), strict=True))
        drawn.append(_polyline(name, "main" if i == 0 else "other", points))
    return _svg("".join(drawn), height, width, title)


def area(ts: Stamps, values: Floats, height: int, title: str, *, width: int = 1000) -> str:
    """An area hanging from zero: drawdowns in percent."""
    at = _thinned(ts, values)
    low = min(float(values.min()), -1.0)
    x, y_of = _scales(ts[at], low, 0.0, height, width)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y_of(values[at]), strict=True))
    zero = float(y_of(np.zeros(1))[0])
    shape = f'<polygon class="depth" points="{x[0]:.1f},{zero:.1f} {points} {x[-1]:.1f},{zero:.1f}"/>'
    return _svg(_grid(low, 0.0, y_of, width, log=False) + _years(ts, height, width) + shape, height, width, title)


def bars(values: Mapping[str, float], height: int, title: str, *, width: int = 1000) -> str:
    """One bar a name, up and down from zero, percent."""
    y = np.array(list(values.values()))
    low, high = min(float(y.min()), 0.0), max(float(y.max()), 0.0)
    _, y_of = _scales(np.arange(2), low, high if high > low else low + 1, height, width)
    step = (width - _RIGHT) / len(values)
    zero = float(y_of(np.zeros(1))[0])
    drawn = [_grid(low, high, y_of, width, log=False)]
    for i, (name, value) in enumerate(values.items()):
        top = float(y_of(np.array([value]))[0])
        place = f'x="{(i + 0.2) * step:.1f}" width="{step * 0.6:.1f}"'
        drawn.append(_rectangle(name, value, f'{place} y="{min(top, zero):.1f}" height="{abs(top - zero):.1f}"'))
        drawn.append(f'<text class="x" x="{(i + 0.5) * step:.1f}" y="{height - 6}">{escape(name)}</text>')
    return _svg("".join(drawn), height, width, title)


def _polyline(name: str, css: str, points: str) -> str:
    return f'<polyline class="{css}" points="{points}"><title>{escape(name)}</title></polyline>'


def _rectangle(name: str, value: float, box: str) -> str:
    css = "up" if value >= 0 else "down"
    return f'<rect class="{css}" {box}><title>{escape(name)}: {value:.1f} %</title></rect>'


def _svg(inside: str, height: int, width: int, title: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{inside}</svg>'


def _scales(ts, low: float, high: float, height: int, width: int):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - local
    span = float(ts[-1] - ts[0]) or 1.0
    x = (ts - ts[0]) / span * (width - _RIGHT)
    room = (high - low) or 1.0
    return x, lambda y: _TOP + (high - y) / room * (height - _TOP - _BOTTOM)


def _grid(low: float, high: float, y_of, width: int, *, log: bool) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    drawn = []
    for value in _ticks(low, high, log=log):
        y = float(y_of(np.array([value]))[0])
        text = _short(10**value if log else value)
        drawn.append(f'<line x1="0" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text x="{width - _RIGHT + 8}" y="{y + 4:.1f}">{text}</text>')
    return "".join(drawn)


def _ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Round values, 4 or so; for logarithms the decades and their 2 and 5."""
    if log:
        steps = [math.log10(m) + e for e in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
        inside = [s for s in steps if low <= s <= high]
        return inside[:: max(1, len(inside) // 5)] or [low]
    step = 10 ** math.floor(math.log10((high - low) or 1))
    while (high - low) / step < 3:
        step /= 2
    while (high - low) / step > 6:
        step *= 2
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _years(ts: Stamps, height: int, width: int) -> str:
    first, last = (dt.datetime.fromtimestamp(int(t) / 1000, tz=dt.UTC) for t in (ts[0], ts[-1]))
    span = float(ts[-1] - ts[0]) or 1.0
    if last.year == first.year:
        marks = [
            (dt.datetime(first.year, m, 1, tzinfo=dt.UTC), f"{first.year}-{m:02}")
            for m in range(first.month, last.month + 1)
        ]
    else:
        marks = [(dt.datetime(y, 1, 1, tzinfo=dt.UTC), str(y)) for y in range(first.year, last.year + 1)]
    drawn = []
    for at, text in marks:
        x = (at.timestamp() * 1000 - float(ts[0])) / span * (width - _RIGHT)
        if 0 <= x < width - _RIGHT - 30:
            drawn.append(f'<text x="{x:.1f}" y="{height - 6}">{text}</text>')
    return "".join(drawn)


def _short(value: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _thinned(ts: Stamps, values: Floats) -> Stamps:
    """Places of at most some 1,200 points: the lowest and highest of each stretch, first and last."""
    n = len(ts)
    if n <= _MOST:
        return np.arange(n)
    width = -(-n * 2 // _MOST)
    starts = range(0, n, width)
    ends = [s + int(pick(values[s : s + width])) for s in starts for pick in (np.argmin, np.argmax)]
    return np.unique(np.array([0, n - 1, *ends]))
