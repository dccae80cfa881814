"""Growth of a run by regime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.charts.curves import curve_of
from cqs_backtest.metrics.by_regime import UNKNOWN, RegimeDays, growth_by_regime
from cqs_core import UsageError
from cqs_core.time.intervals import DAY
from cqs_panel.charts import Mode, holoviews, look, thinned, tooltip
from cqs_panel.theme import ACCENT, AMBER, GREY, OTHERS

if TYPE_CHECKING:
    import pandas as pd

    from cqs_backtest.charts.curves import Charted
    from cqs_panel.charts import Look


def by_regime(run: Charted, regimes: pd.Series[str] | RegimeDays, *, height: int = 260, mode: Mode = "light") -> Any:
    """What a run earned in each regime over time, in percent: each line moves on the days of its regime alone.

    Args:
        run: a result or a kept run.
        regimes: a name for each day, indexed by the days' opens, as `cqs_monitor.regimes` gives them.
        height: in pixels.
        mode: as for `equity`.

    Raises:
        UsageError: there is no regime.
    """
    known = regimes if isinstance(regimes, RegimeDays) else RegimeDays.of(regimes)
    if not len(known.opens):
        raise UsageError("there is no regime to draw: give a series with at least one day")
    hv, curve, shown = holoviews(), curve_of(run), look(mode)
    days, grown = growth_by_regime(curve.ts, curve.equity, curve.capital, curve.day_start, known)
    colors = _colors(shown, [*grown])
    lines = []
    for name, values in grown.items():
        at = thinned(values)
        tip = tooltip([(name, "@value{+0,0.0} %"), ("", "@ts{%F} UTC")], hover_mode="mouse")
        line = hv.Curve({"ts": days.astype("datetime64[ms]")[at], "value": values[at]}, "ts", "value", label=name)
        lines.append(line.opts(color=colors[name], line_width=1.6, **tip, backend="bokeh"))
    span = float(days[0]), float(days[-1]), 10.0 * DAY
    legend: dict[str, Any] = {"show_legend": True, "legend_position": "top_left"}
    return hv.Overlay(lines).opts(**shown.over_time(height, span, unit="%", **legend), backend="bokeh")


def _colors(shown: Look, names: list[str]) -> dict[str, str]:
    """The colors that regimes have in other charts."""
    known = {"BULL_TREND": shown.tones.up, "BEAR_TREND": shown.tones.down, "HIGH_VOL": AMBER, "SIDEWAYS": ACCENT}
    others = iter((*OTHERS, *[GREY] * len(names)))
    return {name: GREY if name == UNKNOWN else known.get(name) or next(others) for name in names}
