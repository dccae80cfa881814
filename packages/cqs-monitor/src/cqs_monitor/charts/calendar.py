"""A year of days, stronger where more was earned or lost."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import DoubleTap
from bokeh.models import CustomJS, TapTool, Title

from cqs_monitor.charts.profit import total_of
from cqs_panel import amount, short
from cqs_panel.charts import Mode, holoviews, look, tooltip
from cqs_panel.theme import GREY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from cqs_panel.charts import Look

_WEEKS = 53
_ACROSS = 27  # weeks of each half of the year
_DOWN = 8  # places of each half: the names of the months, and seven days
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INSET = 0.06  # of a day's place, to each side
_STRONGEST = 0.6  # opacity, so that figures can be read on it in light and dark
_NARROW = 33  # pixels of a day's place, below which it has no figure
_FIT = "text.visible = figure.inner_width / across >= least"
_OPEN = """
function open_address(href) {
  if (!href) return
  const link = document.body.appendChild(document.createElement("a"))
  Object.assign(link, {href}).click()
  link.remove()
}
"""
_TAP = """
const at = cb_data.source.inspected.indices[0] ?? cb_data.source.selected.indices[0]
const {told, address} = cb_data.source.data
if (at == null) return
if (!text.visible && !title.text.startsWith(told[at])) {
  title.text = told[at] + (address[at] ? " · tap again for its trades" : "")
  return
}
open_address(address[at])
"""
_QUICK = """
const {told, address} = source.data
const at = told.findIndex((one) => title.text.startsWith(one))
if (at >= 0) open_address(address[at])
"""


def calendar(
    pnl: pd.DataFrame | Mapping[dt.date, float],
    *,
    last: dt.date | None = None,
    currency: str = "",
    links: Mapping[dt.date, str] | None = None,
    height: int = 340,
    mode: Mode = "light",
) -> Any:
    """PnL of each day of 53 weeks as squares with figures, in two halves; the newest day is at the lower right.

    Those at full color gained or lost at least what the strongest 5 % did. Where squares are too narrow for figures,
    they are colors alone, and with `links` the first tap on one shows its figure.

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
    week, row = _places(len(days))
    cells = {"left": week + _INSET, "bottom": row + _INSET, "right": week + 1 - _INSET, "top": row + 1 - _INSET}
    cells |= _described(shown, days, known, currency, links or {})
    drawn = hv.Rectangles(cells, ["left", "bottom", "right", "top"], ["color", "told", "day", "address"]).opts(
        color="color", line_color=None, **tooltip([("", "@told")], hover_mode="mouse"), backend="bokeh"
    )
    figures = [_figure(known.get(day)) for day in days]
    told = hv.Labels((week + 0.5, row + 0.5, figures), ["x", "y"], "text").opts(
        text_color=shown.text, text_font_size="11px", backend="bokeh"
    )
    at = [i for i, day in enumerate(days) if day.day <= 7 and not day.weekday()]
    months = hv.Labels((week[at] + _INSET, row[at] - 0.4, [_month(days[i]) for i in at]), ["x", "y"], "month").opts(
        text_color=shown.text, text_font_size="11px", text_align="left", backend="bokeh"
    )
    names = [(half * _DOWN + day + 1.5, _NAMES[day]) for half in (0, 1) for day in (0, 2, 4, 6)]
    axes: dict[str, Any] = {"xaxis": None, "yaxis": "left", "yticks": names, "invert_yaxis": True}
    axes |= {"xlim": (0, _ACROSS), "ylim": (0, 2 * _DOWN), "show_grid": False}
    dress = functools.partial(_dress, opens=bool(links))
    return (drawn * told * months).opts(**shown.figure(height, dress=dress, **axes), backend="bokeh")


def full_strength(pnl: Mapping[dt.date, float], days: Iterable[dt.date]) -> float:
    """The PnL that is drawn at full color: the 95th percentile, so that one day does not fade the rest."""
    ordered = sorted(abs(pnl[day]) for day in days if pnl.get(day))
    return ordered[int(0.95 * (len(ordered) - 1))] if ordered else 1.0


def _by_date(pnl: pd.DataFrame) -> dict[dt.date, float]:
    days = np.asarray(pnl.index, "datetime64[D]").tolist()
    return {day: value for day, value in zip(days, total_of(pnl).tolist(), strict=True) if value}


def _places(days: int) -> tuple[Any, Any]:
    """Column and row of each day. The newer half is full; the older one begins a column later, if it is shorter."""
    week, weekday = np.divmod(np.arange(days), 7)
    half, column = np.divmod(week + 2 * _ACROSS - _WEEKS, _ACROSS)
    return column, half * _DOWN + weekday + 1


def _described(
    shown: Look, days: Sequence[dt.date], pnl: Mapping[dt.date, float], currency: str, links: Mapping[dt.date, str]
) -> dict[str, Any]:
    strongest = full_strength(pnl, days)
    return {
        "color": np.array([_color(shown, pnl.get(day), strongest) for day in days]),
        "told": np.array([_told(day, pnl.get(day), currency) for day in days]),
        "day": np.array([day.isoformat() for day in days]),
        "address": np.array([links.get(day, "") for day in days]),
    }


def _color(shown: Look, value: float | None, strongest: float) -> str:
    if not value:
        return f"{GREY}1f"
    return shown.shade(_STRONGEST * (0.25 + 0.75 * min(1.0, abs(value) / strongest)), gain=value > 0)


def _figure(value: float | None) -> str:
    """At most five characters; empty where nothing was sold."""
    return "" if value is None else short(value, digits=2)


def _told(day: dt.date, value: float | None, currency: str) -> str:
    return f"{day:%a %Y-%m-%d}: {'no sale' if value is None else amount(value, currency, signed=True)}"


def _month(day: dt.date) -> str:
    return f"{day:%b} ’{day:%y}" if day.month == 1 else f"{day:%b}"


def _dress(figure: Any, *, opens: bool) -> None:
    figure.ygrid.visible = False
    figure.min_border_right = 8  # the axis is at the left
    cells, text, _ = figure.renderers
    fit = CustomJS(args={"figure": figure, "text": text, "across": _ACROSS, "least": _NARROW}, code=_FIT)
    figure.js_on_change("inner_width", fit)
    if not opens:
        return
    title = Title(
        text=" ", text_font_size="12px", text_font_style="normal", text_color=figure.yaxis[0].axis_label_text_color
    )
    figure.add_layout(title, "below")
    cells.data_source.js_on_change("data", CustomJS(args={"title": title}, code="title.text = ' '"))
    tap = CustomJS(args={"text": text, "title": title}, code=_OPEN + _TAP)
    figure.add_tools(TapTool(renderers=[cells], behavior="inspect", callback=tap))  # texts can be hit, too
    quick = CustomJS(args={"title": title, "source": cells.data_source}, code=_OPEN + _QUICK)
    figure.js_on_event(DoubleTap, quick)  # the second of two quick taps, which is not a tap
