"""Realized PnL over time: bars of periods, and cumulative in steps over its drawdown."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import UsageError
from cqs_core.time.intervals import DAY
from cqs_monitor.performance.statistics import drawdown
from cqs_panel import short
from cqs_panel.charts import Mode, StillCurve, exact, holoviews, look, still_html, tooltip
from cqs_panel.theme import ACCENT, OTHERS, tones

if TYPE_CHECKING:
    import pandas as pd

    from cqs_panel.charts import Look

TOTAL = "total"
_LOWER = 0.3  # of the height, that the drawdown takes
_AXIS = 24  # pixels of dates below it
_GAP = 0.12  # of a period, between bars


def periods(pnl: pd.DataFrame, *, stacked: bool = False, height: int = 240, mode: Mode = "light") -> Any:
    """Realized PnL of each day, week or month, as bars up and down.

    Args:
        pnl: as `cqs_monitor.pnl` gives it: a column for each account and `total`, indexed by the periods' first days.
        stacked: accounts one upon the other, gains above 0 and losses below it, where there are two to six.
        height: in pixels.
        mode: where it is shown: `light`, `dark`, `print`, or `page` (the dashboard's theme).

    Returns:
        A HoloViews overlay. Tooltips tell every account.

    Raises:
        UsageError: the frame has no rows, or no column `total`.
    """
    hv, shown = holoviews(), look(mode)
    starts, ends = _spans(pnl)
    total = pnl[TOTAL].to_numpy(float)
    pad = _GAP * (ends - starts) / 2
    data: dict[str, Any] = {"left": (starts + pad).astype("datetime64[ms]"), "bottom": np.zeros(len(total))}
    data |= {"right": (ends - pad).astype("datetime64[ms]"), "top": total, "ts": starts.astype("datetime64[ms]")}
    data["total"] = total  # HoloViews puts the larger of two ends on top
    data["color"] = np.where(total >= 0, shown.tones.up, shown.tones.down)
    accounts = _accounts(pnl)
    parts = stacked and 1 < len(accounts) <= len(OTHERS)
    rows = [(str(pnl.index.name or ""), "@ts{%F}"), ("Total", "@total{custom}")]
    for i, name in enumerate(accounts):
        data[f"account{i}"] = pnl[name].to_numpy(float)
        rows.append((str(name), f"@account{i}{{custom}}"))
    extra = [name for name in data if name not in ("left", "bottom", "right", "top")]
    drawn = hv.Rectangles(data, ["left", "bottom", "right", "top"], extra).opts(
        color="color", line_color=None, fill_alpha=0.0 if parts else 0.85, **tooltip(rows), backend="bokeh"
    )
    stack, limits = _stacked(pnl[accounts], data) if parts else ([], _limits(total))
    told = exact("total", *(name for name in extra if name.startswith("account")))
    span = (float(starts[0]), float(ends[-1]), 5.0 * float(np.median(ends - starts)))
    legend: dict[str, Any] = {"show_legend": bool(stack), "legend_position": "top_left"}
    options = shown.over_time(height, span, dress=told, ylim=limits, **legend)
    return hv.Overlay([*stack, drawn]).opts(**options, backend="bokeh")


def _stacked(pnl: pd.DataFrame, places: dict[str, Any]) -> tuple[list[Any], tuple[float, float]]:
    """Bars of each account upon those before it, and the limits of the axis."""
    values = pnl.to_numpy(float)
    tops = {sign: np.cumsum(np.where(values * sign > 0, values, 0.0), axis=1) for sign in (1, -1)}
    found = []
    for i, (name, color) in enumerate(zip(pnl.columns, OTHERS, strict=False)):
        ends = np.where(values[:, i] >= 0, tops[1][:, i], tops[-1][:, i])
        bars = {"left": places["left"], "bottom": ends - values[:, i], "right": places["right"], "top": ends}
        drawn = holoviews().Rectangles(bars, ["left", "bottom", "right", "top"], label=str(name))
        found.append(drawn.opts(color=color, line_color=None, fill_alpha=0.85, backend="bokeh"))
    return found, _limits(np.concatenate((tops[1][:, -1], tops[-1][:, -1])))


def _limits(values: Any) -> tuple[float, float]:
    """Both ends of the axis: 0, and room beyond the largest bars."""
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = 0.08 * (high - low or 1.0)
    limits = (low - room if low < 0 else 0.0, high + room if high > 0 else 0.0)
    return limits if limits[0] < limits[1] else (0.0, 1.0)


def cumulative(pnl: pd.DataFrame, *, height: int = 360, mode: Mode = "light") -> Any:
    """Cumulative PnL in steps, over how far it lies below its highest point so far.

    Args:
        pnl: as for `periods`; the accounts are drawn too where there are two to six.
        height: of both charts, in pixels.
        mode: as for `periods`.

    Returns:
        A HoloViews layout of two overlays, with a shared time axis.

    Raises:
        UsageError: the frame has no rows, or no column `total`.
    """
    shown, (at, total, curves) = look(mode), _cumulated(pnl)
    times, span = at.astype("datetime64[ms]"), (float(at[0]), float(at[-1]), 7.0 * DAY)
    upper = _curves(shown, times, total, curves, round(height * (1 - _LOWER)), span)
    lower = _falls(shown, times, drawdown(total), round(height * _LOWER) + _AXIS, span)
    layout = holoviews().Layout([upper, lower]).cols(1)
    return layout.opts(merge_tools=False, toolbar=None, backend="bokeh")


def cumulative_still(pnl: pd.DataFrame, height: int = 360) -> str:
    """A picture of `cumulative` in the page's theme, as HTML; empty for a frame without rows.

    Args:
        pnl: as for `cumulative`.
        height: of both charts, in pixels.

    Raises:
        UsageError: the frame has no column `total`.
    """
    if not len(total_of(pnl)):
        return ""
    times, total, curves = _cumulated(pnl)
    fall, values = drawdown(total), np.concatenate([total, *curves.values()])
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low or abs(high) or 1.0)
    beside = [(_corners(curve), color) for curve, color in zip(curves.values(), cycle(OTHERS), strict=False)]
    upper, lower = round(height * (1 - _LOWER)), round(height * _LOWER)
    parts = [
        StillCurve(_corners(total), low - room, high + room, upper, ACCENT, short, beside=beside),
        StillCurve(_corners(fall), _depth(fall), 0.0, lower, tones().down, short, filled=True),
    ]
    return still_html("Cumulative PnL over its drawdown", np.repeat(times, 2)[1:], parts)


def _cumulated(pnl: pd.DataFrame) -> tuple[Any, Any, dict[str, Any]]:
    """Times, ms UTC, with the totals and the curves of accounts, which begin at nothing, the day before."""
    starts, _ = _spans(pnl)
    names = _accounts(pnl) if 1 < len(_accounts(pnl)) <= len(OTHERS) else []
    sums = {str(name): np.r_[0.0, np.cumsum(pnl[name].to_numpy(float))] for name in [TOTAL, *names]}
    return np.r_[starts[0] - DAY, starts], sums.pop(TOTAL), sums


def _corners(values: Any) -> Any:
    """The values of steps, for times that are repeated: each lasts until the next time."""
    return np.repeat(values, 2)[:-1]


def _depth(fall: Any) -> float:
    """Where the axis of drawdowns ends."""
    return 1.08 * float(fall.min()) or -1.0


def _curves(
    shown: Look, times: Any, total: Any, curves: dict[str, Any], height: int, span: tuple[float, float, float]
) -> Any:
    hv = holoviews()
    step = {"interpolation": "steps-post", "backend": "bokeh"}
    parts = [
        hv.Curve({"ts": times, "value": values}, "ts", "value", label=name).opts(color=color, line_width=1.2, **step)
        for (name, values), color in zip(curves.items(), cycle(OTHERS), strict=False)
    ]
    told = {"ts": times, "total": total, "day": np.diff(total, prepend=0.0), "fall": drawdown(total)}
    line = hv.Curve(told, "ts", ["total", "day", "fall"], label="Total" if curves else "")
    parts.append(line.opts(color=ACCENT, line_width=2.2, **step))
    rows = [("", "@ts{%F}"), ("Day", "@day{custom}"), ("Total", "@total{custom}"), ("Below high", "@fall{custom}")]
    points = hv.Scatter(told, "ts", ["total", "day", "fall"])  # steps are drawn from other points than these
    parts.append(points.opts(size=7, alpha=0, show_legend=False, **tooltip(rows), backend="bokeh"))
    legend: dict[str, Any] = {"show_legend": bool(curves), "legend_position": "top_left", "xaxis": None}
    dress = exact("day", "total", "fall")
    return hv.Overlay(parts).opts(**shown.over_time(height, span, dress=dress, **legend), backend="bokeh")


def _falls(shown: Look, times: Any, fall: Any, height: int, span: tuple[float, float, float]) -> Any:
    hv, down = holoviews(), shown.tones.down
    corners = {"ts": np.repeat(times, 2)[1:], "fall": _corners(fall)}  # areas cannot step by themselves
    area = hv.Area(corners, "ts", "fall").opts(color=down, fill_alpha=0.25, line_alpha=0, backend="bokeh")
    line = hv.Curve(corners, "ts", "fall").opts(color=down, line_width=1.2, backend="bokeh")
    return (area * line).opts(**shown.over_time(height, span, depth=_depth(fall), toolbar=None), backend="bokeh")


def total_of(pnl: pd.DataFrame) -> Any:
    """The PnL of all accounts.

    Raises:
        UsageError: it is not there; accounts of several currencies have no total.
    """
    several = [str(name) for name in pnl.columns if str(name).startswith(f"{TOTAL} ")]
    if several:
        raise UsageError(f"the frame has {', '.join(several)}; choose accounts of one currency with account=")
    if TOTAL not in pnl.columns:
        raise UsageError("there is no PnL to draw: give a frame of cqs_monitor.pnl")
    return pnl[TOTAL]


def _accounts(pnl: pd.DataFrame) -> list[Any]:
    return [name for name in pnl.columns if name != TOTAL]


def _spans(pnl: pd.DataFrame) -> tuple[Any, Any]:
    """Where periods begin and end, int64 ms UTC."""
    if not len(total_of(pnl)):
        raise UsageError("there is no PnL to draw: give a frame of cqs_monitor.pnl with at least one row")
    starts = np.asarray(pnl.index, "datetime64[ms]").astype(np.int64)
    if pnl.index.name == "month":
        ends = (starts.astype("datetime64[ms]").astype("datetime64[M]") + 1).astype("datetime64[ms]").astype(np.int64)
    else:
        ends = starts + (7 * DAY if pnl.index.name == "week" else DAY)
    return starts, ends
