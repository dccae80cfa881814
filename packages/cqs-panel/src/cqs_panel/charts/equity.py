"""Equity over drawdown."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import panel as pn
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, Range1d

from cqs_core.trading.metrics import drawdowns
from cqs_panel.charts.style import crosshair, hover, legend_html, pane, show_all, time_figure
from cqs_panel.charts.thinning import thinned
from cqs_panel.layout import WIDE
from cqs_panel.sections import html
from cqs_panel.theme import ACCENT, GREY, OTHERS, tones

if TYPE_CHECKING:
    from collections.abc import Mapping

_NARROWEST = 10  # points in view


def equity_chart(
    ts: npt.NDArray[np.int64],
    equity: npt.NDArray[np.float64],
    *,
    others: Mapping[str, npt.NDArray[np.float64]] | None = None,
    label: str = "Equity",
    log: bool = False,
    height: int = 380,
) -> Any:
    """A curve over its own drawdown in percent, with other curves (benchmarks) behind it.

    Args:
        ts: int64 (N,), ms UTC, ascending.
        equity: float64 (N,), positive.
        others: `{label: float64 (N,)}` on the same stamps; drawn in grey.
        label: of the curve.
        log: whether the value axis is logarithmic.
        height: of both figures, in pixels.
    """
    at = thinned(equity)
    drawdown = 100 * drawdowns(equity, float(equity[0]) if len(equity) else 0.0)
    data = {"ts": ts[at].astype(np.float64), "equity": equity[at], "drawdown": drawdown[at]}
    data |= {f"other{i}": values[at] for i, values in enumerate((others or {}).values())}
    source = ColumnDataSource(data)
    upper = time_figure(round(height * 0.70), y_axis_type="log" if log else "linear")
    if len(ts) > 1:
        show_all(upper.x_range, float(ts[0]), float(ts[-1]), _NARROWEST * float(np.median(np.diff(ts))))
    lower = time_figure(round(height * 0.30) + 24, x_range=upper.x_range, toolbar_location=None)
    rows = [("", "@ts{%F %H:%M} UTC"), (label, "@equity{0,0.[00]}"), ("Drawdown", "@drawdown{0.0} %")]
    for i, name in enumerate(others or {}):
        upper.line("ts", f"other{i}", source=source, color=GREY, line_width=1.2)
        rows.append((name, f"@other{i}{{0,0.[00]}}"))
    curve = upper.line("ts", "equity", source=source, color=ACCENT, line_width=1.7)
    _depth(lower, source, float(drawdown.min(initial=0)))
    upper.xaxis.visible = False
    upper.add_tools(hover([curve], rows))
    crosshair(upper, lower)
    return pn.Column(pane(upper), pane(lower), **WIDE)


def growth_chart(curves: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]], height: int = 300) -> Any:
    """Several curves over each other, each in percent of its own first value.

    Args:
        curves: `{label: (ts, equity)}`: int64 (N,) ms UTC, ascending, and float64 (N,), positive.
        height: in pixels.
    """
    shown = time_figure(height)
    ends = [(float(ts[0]), float(ts[-1]), float(np.median(np.diff(ts)))) for ts, _ in curves.values() if len(ts) > 1]
    if ends:
        firsts, lasts, steps = zip(*ends, strict=True)
        show_all(shown.x_range, min(firsts), max(lasts), _NARROWEST * min(steps))
    colors = list(islice(cycle((ACCENT, *OTHERS)), len(curves)))
    for (name, (ts, equity)), color in zip(curves.items(), colors, strict=True):
        at = thinned(equity)
        values = 100 * (equity[at] / equity[0] - 1) if len(equity) else equity
        source = ColumnDataSource({"ts": ts[at].astype(np.float64), "value": values})
        line = shown.line("ts", "value", source=source, color=color, line_width=1.6)
        shown.add_tools(hover([line], [(name, "@value{+0,0.0} %"), ("", "@ts{%F} UTC")], mode="mouse"))
    shown.yaxis.formatter = CustomJSTickFormatter(code="return tick + ' %'")
    legend = html(legend_html(list(zip(curves, colors, strict=True))))
    return pn.Column(legend, pane(shown), **WIDE)


def _depth(shown: Any, source: Any, deepest: float) -> None:
    down = tones().down
    shown.varea("ts", 0, "drawdown", source=source, color=down, alpha=0.25)
    shown.line("ts", "drawdown", source=source, color=down, line_width=1)
    shown.y_range = Range1d(min(deepest * 1.08, -1), 0)
    shown.yaxis.ticker.desired_num_ticks = 3
    shown.yaxis.formatter = CustomJSTickFormatter(code="return tick + ' %'")
