"""A model's regime of each day, as bands of color."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import UsageError
from cqs_core.time.intervals import DAY
from cqs_monitor.models.evaluation.regimes import stretches
from cqs_panel.charts import Mode, holoviews, look, thinned, tooltip
from cqs_panel.theme import ACCENT, AMBER, GREY, OTHERS

if TYPE_CHECKING:
    import pandas as pd

    from cqs_panel.charts import Look

_TOLD = (("", "@name"), ("from", "@left{%F}"))


def regimes(
    days: pd.Series[str], prices: pd.Series[float] | None = None, *, height: int = 260, mode: Mode = "light"
) -> Any:
    """Stretches of one regime as bands over time, behind prices where they are given.

    Args:
        days: as `cqs_monitor.regimes` gives them: a name for each day, indexed by the days' opens.
        prices: to draw over the bands, indexed by time.
        height: in pixels.
        mode: as for `periods`.

    Raises:
        UsageError: there are no days.
    """
    if not len(days):
        raise UsageError("there is no regime to draw: give a series with at least one day")
    hv, shown = holoviews(), look(mode)
    low, high = (0.0, 1.0) if prices is None else (float(prices.min()), float(prices.max()))
    runs = stretches(days)
    colors = _colors(shown, list(dict.fromkeys(name for name, _, _ in runs)))
    parts = [
        _band(one, color, [(_time(a), low, _time(b), high, name) for name, a, b in runs if name == one])
        for one, color in colors.items()
    ]
    parts += [] if prices is None else [_line(prices)]
    axis: dict[str, Any] = {"yaxis": None} if prices is None else {}
    options = shown.over_time(height, (float(runs[0][1]), float(runs[-1][2]), 10.0 * DAY), ylim=(low, high), **axis)
    legend = {"legend_position": "top", "legend_cols": 2, "show_legend": True}
    return hv.Overlay(parts).opts(**options, **legend, backend="bokeh")


def _band(name: str, color: str, runs: list[tuple[Any, ...]]) -> Any:
    known = ["left", "low", "right", "high"]
    return (
        holoviews()
        .Rectangles(runs, known, "name", label=name)
        .opts(
            color=color,
            fill_alpha=0.3,
            line_color=None,
            **tooltip(_TOLD, hover_formatters={"@left": "datetime"}, hover_mode="mouse"),
            backend="bokeh",
        )
    )


def _line(prices: pd.Series[float]) -> Any:
    values: Any = prices.to_numpy(np.float64)
    at = thinned(values)
    data = {"ts": np.asarray(prices.index, "datetime64[ms]")[at], "price": values[at]}
    return holoviews().Curve(data, "ts", "price").opts(color=ACCENT, line_width=1.4, backend="bokeh")


def _colors(shown: Look, names: list[str]) -> dict[str, str]:
    known = {"BULL_TREND": shown.tones.up, "BEAR_TREND": shown.tones.down, "HIGH_VOL": AMBER, "SIDEWAYS": GREY}
    others = iter((*OTHERS, *[GREY] * len(names)))
    return {name: known.get(name) or next(others) for name in names}


def _time(ts: int) -> Any:
    return np.datetime64(ts, "ms")
