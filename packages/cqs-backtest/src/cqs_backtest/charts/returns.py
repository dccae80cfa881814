"""Returns: by year, by month, rolled, and how they are distributed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.charts.curves import curve_of
from cqs_backtest.metrics import monthly_returns, rolled, yearly_returns
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_core import UsageError
from cqs_core.time.intervals import DAY
from cqs_panel.charts import Mode, category_bars, histogram, hvplot, look, percent_heatmap, tooltip
from cqs_panel.theme import ACCENT

if TYPE_CHECKING:
    from cqs_backtest.charts.curves import Charted

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOTAL = "Year"


def rolling(run: Charted, *, metric: str = "sharpe", window: int = 90, height: int = 220, mode: Mode = "light") -> Any:
    """A metric of the last `window` days, day by day.

    Args:
        run: a result or a kept run.
        metric: one that is computed from daily returns: `sharpe`, `sortino`, `volatility`, …
        window: days; nothing is drawn before there are that many.
        height: in pixels.
        mode: as for `equity`.

    Raises:
        UsageError: the metric is unknown, or not one of daily returns; or fewer than two of its values are known.
    """
    curve, shown = curve_of(run), look(mode)
    daily = curve.daily
    days, values = daily.days, _rolled(metric, daily, window)
    known = np.isfinite(values)
    if known.sum() < 2:
        raise UsageError(
            f"there is no rolling {metric} to draw: it needs more than {window} days on which equity moved"
        )
    import pandas as pd

    label, unit = CONVENTIONS[metric].label, CONVENTIONS[metric].unit
    frame = pd.DataFrame({"ts": days[known].astype("datetime64[ms]"), "value": values[known]})
    line = hvplot(frame).line(x="ts", y="value", hover=False, responsive=True, height=height)
    rows = [("", "@ts{%F} UTC"), (label, f"@value{{0.00}}{' %' if unit == '%' else ''}")]
    options = shown.over_time(height, (float(days[0]), float(days[-1]), 10.0 * DAY), unit="%" if unit == "%" else "")
    tip = tooltip(rows)
    tools = {"tools": [*options.pop("tools"), *tip.pop("tools")]}
    return line.opts(color=ACCENT, line_width=1.6, **options, **tip, **tools, backend="bokeh")


def years(run: Charted, *, height: int = 200, mode: Mode = "light") -> Any:
    """The return of each calendar year, in percent, as bars.

    Args:
        run: a result or a kept run.
        height: in pixels.
        mode: as for `equity`.
    """
    curve, shown = curve_of(run), look(mode)
    found = yearly_returns(*curve.days, curve.capital)
    known = {name: value for name, value in found.items() if np.isfinite(value)}
    return category_bars(shown, known, unit="%", height=height)


def months(run: Charted, *, mode: Mode = "light") -> Any:
    """The return of each month, in percent, as a heatmap with a row a year and the years' totals.

    Args:
        run: a result or a kept run.
        mode: as for `equity`.
    """
    curve = curve_of(run)
    found, totals = (made(*curve.days, curve.capital) for made in (monthly_returns, yearly_returns))
    values = {(_MONTHS[int(name[5:]) - 1], name[:4]): value for name, value in found.items()}
    values |= {(_TOTAL, name): value for name, value in totals.items()}
    return percent_heatmap(look(mode), values, [*_MONTHS, _TOTAL], list(totals), _TOTAL)


def distribution(run: Charted, *, bins: int = 60, height: int = 220, mode: Mode = "light") -> Any:
    """How many days had which return, in percent, with their mean (dashed) and 5th percentile (dotted).

    Days on which equity did not move are left out.

    Args:
        run: a result or a kept run.
        bins: how many at most.
        height: in pixels.
        mode: as for `equity`.
    """
    daily = 100 * curve_of(run).daily.returns
    return histogram(look(mode), daily, unit="%", of="Days", bins=bins, height=height)


def _rolled(metric: str, daily: Any, window: int) -> Any:
    try:
        return rolled(metric, daily, window)
    except (KeyError, AttributeError, TypeError):
        raise UsageError(f"there is no rolling {metric!r}; use a metric of daily returns, such as sharpe") from None
