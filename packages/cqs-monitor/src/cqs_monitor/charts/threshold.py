"""The value of an alert rule over time, its threshold, and when it would have fired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import UsageError
from cqs_panel.charts import Mode, holoviews, look, thinned, tooltip
from cqs_panel.theme import ACCENT, OTHERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_monitor.performance.report import Floats

_UNITS = {"duration": (3_600.0, "h"), "percent": (1.0, "%")}
_MOST = 6  # subjects that are drawn
_PAD = 0.12


def threshold(
    steps: Mapping[str, tuple[Any, Any]],
    over: float,
    fired: Sequence[int],
    span: tuple[int, int],
    *,
    unit: str = "",
    height: int = 220,
    mode: Mode = "light",
) -> Any:
    """Values as steps, a line at the threshold, and a mark at the threshold for each alert.

    Args:
        steps: by subject, times (ms UTC, ascending) and values, each holding from its time until the next.
        over: the threshold, in the unit of the values.
        fired: when alerts would have been sent, ms UTC.
        span: the time that is shown, ms UTC.
        unit: of the values: `duration` (seconds, shown in hours), `percent`, or anything else.
        height: in pixels.
        mode: as for `periods`.

    Raises:
        UsageError: there is nothing to draw.
    """
    if not steps:
        raise UsageError("there is no value over time to draw")
    hv, shown = holoviews(), look(mode)
    size, word = _UNITS.get(unit, (1.0, ""))
    lines = {name: _inside(*steps[name], span) for name in list(steps)[:_MOST]}
    parts = [
        _line(name, ts, values / size, color)
        for (name, (ts, values)), color in zip(lines.items(), (ACCENT, *OTHERS), strict=False)
    ]
    ends = np.array(span).astype("datetime64[ms]")
    limit = hv.Curve({"ts": ends, "value": np.full(2, over / size)}, "ts", "value")
    parts.append(
        limit.opts(color=shown.tones.down, line_dash="dashed", line_width=1.4, show_legend=False, backend="bokeh")
    )
    marks = {"ts": np.array(fired, np.int64).astype("datetime64[ms]"), "value": np.full(len(fired), over / size)}
    points = hv.Scatter(marks, "ts", "value")
    rows = [("would have fired", "@ts{%F %H:%M}")]
    look_of_marks = {"size": 8, "marker": "inverted_triangle", "color": shown.tones.down, "show_legend": False}
    parts.append(points.opts(**look_of_marks, **tooltip(rows, hover_mode="mouse"), backend="bokeh"))
    found = np.concatenate([values / size for _, values in lines.values()])
    options = shown.over_time(height, (float(span[0]), float(span[1]), 3_600_000.0), ylim=_limits(found, over / size))
    legend = {"show_legend": len(lines) > 1, "legend_position": "top_left"}
    return hv.Overlay(parts).opts(**options | legend | ({"ylabel": word} if word else {}), backend="bokeh")


def _inside(ts: Any, values: Any, span: tuple[int, int]) -> tuple[Any, Floats]:
    """What holds within the span: from the last step before it to its end."""
    first = max(int(np.searchsorted(ts, span[0], side="right")) - 1, 0)
    last = int(np.searchsorted(ts, span[1], side="left"))
    ts, values = np.asarray(ts[first:last], np.int64), np.asarray(values[first:last], np.float64)
    known = np.nan_to_num(values)
    at = thinned(known) if len(known) else np.arange(0)
    ts, values = np.clip(ts[at], span[0], None), values[at]
    return (np.append(ts, span[1]), np.append(values, values[-1])) if len(ts) else (ts, values)


def _line(name: str, ts: Any, values: Floats, color: str) -> Any:
    told = {"ts": ts.astype("datetime64[ms]"), "value": values}
    line = holoviews().Curve(told, "ts", "value", label=name)
    return line.opts(color=color, line_width=1.6, interpolation="steps-post", backend="bokeh")


def _limits(values: Floats, over: float) -> tuple[float, float]:
    known = np.append(values[np.isfinite(values)], (over, 0.0))
    low, high = float(known.min()), float(known.max())
    room = _PAD * (high - low or 1.0)
    return low - (room if low < 0 else 0.0), high + room
