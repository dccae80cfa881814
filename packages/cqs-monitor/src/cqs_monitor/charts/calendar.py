"""A year of days, stronger where more was earned or lost."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import CustomJS, NoOverlap, TapTool

from cqs_monitor.charts.profit import total_of
from cqs_panel import amount
from cqs_panel.charts import Mode, holoviews, look, tooltip
from cqs_panel.theme import GREY

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_WEEKS = 53
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INSET = 0.08  # of a day's place, to each side
_OPEN = """
const at = cb_data.source.inspected.indices[0] ?? cb_data.source.selected.indices[0]
const address = cb_data.source.data.address[at]
if (address) Object.assign(document.body.appendChild(document.createElement("a")), {href: address}).click()
document.body.querySelector(`:scope > a[href="${CSS.escape(address)}"]`)?.remove()
"""


def calendar(
    pnl: pd.DataFrame | Mapping[dt.date, float],
    *,
    last: dt.date | None = None,
    currency: str = "",
    links: Mapping[dt.date, str] | None = None,
    height: int = 170,
    mode: Mode = "light",
) -> Any:
    """PnL of each day of 53 weeks as squares; those at full color gained or lost at least what the strongest 5 % did.

    Args:
        pnl: daily, as `cqs_monitor.pnl` gives it, or PnL by date.
        last: the last day that is shown; that of the last figure by default.
        currency: of the PnL.
        links: address that a click on a day opens.
        height: in pixels.
        mode: as for `periods`.
    """
    hv, shown = holoviews(), look(mode)
    known = dict(pnl) if isinstance(pnl, Mapping) else _by_date(pnl)
    end = last or max(known, default=dt.date(1970, 1, 1))
    first = end - dt.timedelta(days=end.weekday() + 7 * (_WEEKS - 1))
    days = [first + dt.timedelta(days=i) for i in range((end - first).days + 1)]
    strongest = full_strength(known, days)
    week, row = np.divmod(np.arange(len(days)), 7)
    cells = {"left": week + _INSET, "bottom": row + _INSET, "right": week + 1 - _INSET, "top": row + 1 - _INSET}
    cells["color"] = np.array([_color(shown, known.get(day), strongest) for day in days])
    cells["told"] = np.array([_told(day, known.get(day), currency) for day in days])
    cells["day"] = np.array([day.isoformat() for day in days])
    cells["address"] = np.array([(links or {}).get(day, "") for day in days])
    drawn = hv.Rectangles(cells, ["left", "bottom", "right", "top"], ["color", "told", "day", "address"]).opts(
        color="color", line_color=None, **tooltip([("", "@told")], hover_mode="mouse"), backend="bokeh"
    )
    months = [(week + 0.5, _month(day)) for week, day in enumerate(days[::7]) if day.day <= 7]
    axes: dict[str, Any] = {"xticks": months, "yticks": [(i + 0.5, _NAMES[i]) for i in (0, 2, 4, 6)]}
    axes |= {"xaxis": "top", "yaxis": "left", "invert_yaxis": True, "xlim": (0, _WEEKS), "ylim": (0, 7)}
    dress = functools.partial(_dress, opens=bool(links))
    return hv.Overlay([drawn]).opts(**shown.figure(height, show_grid=False, dress=dress, **axes), backend="bokeh")


def full_strength(pnl: Mapping[dt.date, float], days: Iterable[dt.date]) -> float:
    """The PnL that is drawn at full color: the 95th percentile, so that one day does not fade the rest."""
    ordered = sorted(abs(pnl[day]) for day in days if pnl.get(day))
    return ordered[int(0.95 * (len(ordered) - 1))] if ordered else 1.0


def _by_date(pnl: pd.DataFrame) -> dict[dt.date, float]:
    days = np.asarray(pnl.index, "datetime64[D]").tolist()
    return {day: value for day, value in zip(days, total_of(pnl).tolist(), strict=True) if value}


def _color(shown: Any, value: float | None, strongest: float) -> str:
    if not value:
        return f"{GREY}1f"
    return str(shown.shade(0.25 + 0.75 * min(1.0, abs(value) / strongest), gain=value > 0))


def _told(day: dt.date, value: float | None, currency: str) -> str:
    return f"{day:%a %Y-%m-%d}: {'no sale' if value is None else amount(value, currency, signed=True)}"


def _month(day: dt.date) -> str:
    return f"{day:%b %Y}" if day.month == 1 else f"{day:%b}"


def _dress(figure: Any, *, opens: bool) -> None:
    if opens:
        figure.add_tools(TapTool(behavior="inspect", callback=CustomJS(code=_OPEN)))
    figure.ygrid.visible = False
    figure.xaxis.major_label_policy = NoOverlap(min_distance=4)
    figure.min_border_right = 8  # the axis is at the left
