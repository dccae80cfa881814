"""Equity over drawdown, of one run or of several."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.charts.curves import Curve, curve_of
from cqs_core import UsageError
from cqs_panel import short
from cqs_panel.charts import Mode, StillCurve, exact, holoviews, look, still_html, thinned, tooltip
from cqs_panel.theme import ACCENT, GREY, OTHERS, tones

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.charts.curves import Charted
    from cqs_panel.charts import Look

_LOWER = 0.3  # of the height, that drawdowns take
_AXIS = 24  # pixels of dates below them


def equity(run: Charted, *, benchmark: bool = True, log: bool = False, height: int = 380, mode: Mode = "light") -> Any:
    """Equity over drawdown in percent, with a shared time axis.

    Args:
        run: a result or a kept run.
        benchmark: whether to draw the benchmark too, in gray.
        log: whether the axis of equity is logarithmic.
        height: of both charts, in pixels.
        mode: where it is shown: `light`, `dark`, `print`, or `page` (the dashboard's theme).

    Returns:
        A HoloViews layout of two overlays. Beyond 3,000 bars the extremes of each stretch are drawn.
    """
    curve, shown = curve_of(run), look(mode)
    return stacked(
        value_chart(curve, shown, benchmark=benchmark, log=log, height=height), drawdown_chart(curve, shown, height)
    )


def equity_still(run: Charted, height: int = 380) -> str:
    """A picture of `equity` without its benchmark, in the page's theme; empty for a run without bars.

    Args:
        run: a result or a kept run.
        height: of both parts, in pixels.
    """
    if not len(run.equity):
        return ""
    curve, upper = curve_of(run), round(height * (1 - _LOWER))
    low, high = float(curve.equity.min()), float(curve.equity.max())
    room = 0.06 * (high - low or abs(high) or 1.0)
    drawdown = curve.drawdown
    depth = _depth(float(drawdown.min()))
    parts = [
        StillCurve(curve.equity, low - room, high + room, upper, ACCENT, short),
        StillCurve(drawdown, depth, 0.0, round(height * _LOWER), tones().down, "{:g} %".format, filled=True),
    ]
    return still_html("Equity over drawdown", curve.ts, parts)


def compare(runs: Sequence[Charted] | Mapping[str, Charted], *, height: int = 420, mode: Mode = "light") -> Any:
    """Growth of several runs in percent since their first bars, over their drawdowns.

    Args:
        runs: results or kept runs, by name or not.
        height: of both charts, in pixels.
        mode: as for `equity`.

    Returns:
        A HoloViews layout of two overlays.

    Raises:
        UsageError: there is no run to draw.
    """
    named = dict(runs) if hasattr(runs, "keys") else {f"Run {i}": run for i, run in enumerate(runs, 1)}
    if not named:
        raise UsageError("there is nothing to compare: give at least one run")
    curves, shown = {name: curve_of(run) for name, run in named.items()}, look(mode)
    spans = [curve.span for curve in curves.values()]
    span = min(s[0] for s in spans), max(s[1] for s in spans), min(s[2] for s in spans)
    deepest = min(float(curve.drawdown.min()) for curve in curves.values())
    grown = {name: 100 * (curve.equity / curve.equity[0] - 1) for name, curve in curves.items()}
    falls = {name: curve.drawdown for name, curve in curves.items()}
    legend: dict[str, Any] = {"show_legend": len(curves) > 1, "legend_position": "top_left", "xaxis": None}
    options = shown.over_time(round(height * (1 - _LOWER)), span, unit="%", **legend)
    upper = _lines(curves, grown, "+0,0.0").opts(**options, backend="bokeh")
    lower = _lines(curves, falls, "0.0").opts(**_below(shown, span, deepest, height), backend="bokeh")
    return stacked(upper, lower)


def value_chart(
    curve: Curve,
    shown: Look,
    *,
    benchmark: bool,
    log: bool,
    height: int,
    span: tuple[float, float, float] | None = None,
) -> Any:
    """Equity alone; `height` is that of equity and drawdown, `span` the time that is shown."""
    hv, at = holoviews(), thinned(curve.equity)
    columns = {"ts": curve.times[at], "equity": curve.equity[at], "drawdown": curve.drawdown[at]}
    rows = [("", "@ts{%F %H:%M} UTC"), ("Equity", "@equity{custom}"), ("Drawdown", "@drawdown{0.0} %")]
    beside = []
    if benchmark and curve.benchmark is not None:
        columns["benchmark"] = curve.benchmark[at]
        rows.append((curve.held, "@benchmark{custom}"))
        beside = [hv.Curve(columns, "ts", "benchmark").opts(color=GREY, line_width=1.2, backend="bokeh")]
    main = hv.Curve(columns, "ts", [name for name in columns if name != "ts"])
    main = main.opts(color=ACCENT, line_width=1.7, **tooltip(rows), backend="bokeh")
    scale = _logarithmic(curve.equity, columns.get("benchmark")) if log else {}
    dress = exact("equity", "benchmark")
    options = shown.over_time(round(height * (1 - _LOWER)), span or curve.span, xaxis=None, dress=dress, **scale)
    return hv.Overlay([*beside, main]).opts(**options, backend="bokeh")


def _logarithmic(*curves: Any) -> dict[str, Any]:
    """Plot options of a logarithmic axis; nothing at all where no value is positive."""
    values = np.concatenate([curve for curve in curves if curve is not None])
    values = values[values > 0]
    return {"logy": True, "ylim": (float(values.min()) / 1.05, float(values.max()) * 1.05)} if len(values) else {}


def drawdown_chart(curve: Curve, shown: Look, height: int, span: tuple[float, float, float] | None = None) -> Any:
    """The drawdowns below it."""
    hv, at = holoviews(), thinned(curve.drawdown)
    columns, down = {"ts": curve.times[at], "drawdown": curve.drawdown[at]}, shown.tones.down
    area = hv.Area(columns, "ts", "drawdown").opts(color=down, fill_alpha=0.25, line_alpha=0, backend="bokeh")
    rows = [("", "@ts{%F %H:%M} UTC"), ("Drawdown", "@drawdown{0.0} %")]
    line = hv.Curve(columns, "ts", "drawdown").opts(color=down, line_width=1, **tooltip(rows), backend="bokeh")
    return (area * line).opts(**_below(shown, span or curve.span, float(curve.drawdown.min()), height), backend="bokeh")


def _below(shown: Look, span: tuple[float, float, float], deepest: float, height: int) -> dict[str, Any]:
    """Plot options of the drawdowns."""
    options: dict[str, Any] = {"unit": "%", "depth": _depth(deepest), "toolbar": None, "show_legend": False}
    return shown.over_time(round(height * _LOWER) + _AXIS, span, **options)


def _depth(deepest: float) -> float:
    """Where the axis of drawdowns ends, in percent."""
    return min(deepest * 1.08, -1.0)


def _lines(curves: Mapping[str, Curve], values: Mapping[str, Any], kind: str) -> Any:
    hv = holoviews()
    drawn = []
    for (name, curve), color in zip(curves.items(), cycle((ACCENT, *OTHERS)), strict=False):
        at = thinned(values[name])
        data = {"ts": curve.times[at], "value": np.asarray(values[name])[at]}
        tip = tooltip([(name, f"@value{{{kind}}} %"), ("", "@ts{%F} UTC")], hover_mode="mouse")
        line = hv.Curve(data, "ts", "value", label=name)
        drawn.append(line.opts(color=color, line_width=1.6, **tip, backend="bokeh"))
    return hv.Overlay(drawn)


def stacked(*charts: Any) -> Any:
    """Charts above each other, as one."""
    layout = holoviews().Layout(list(charts)).cols(1)
    return layout.opts(merge_tools=False, toolbar=None, backend="bokeh")
