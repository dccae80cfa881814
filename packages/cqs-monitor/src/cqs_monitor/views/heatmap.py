"""A year of days as squares, stronger where more was earned or lost."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING

from cqs_monitor.performance.statistics import full_strength
from cqs_panel import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CELL, _GAP, _LEFT, _TOP = 13, 3, 30, 16
_WEEKS = 53
CSS = """
:host{overflow-x:auto;direction:rtl}
svg.year{direction:ltr;display:block;margin-right:auto;width:100%;min-width:640px;height:auto;max-width:1100px}
.scale{direction:ltr;font-size:11px;color:var(--cqs-muted);margin-top:4px}
svg.year text{font-size:9px;fill:var(--cqs-muted)}
svg.year .none{fill:var(--cqs-hover)} svg.year a:focus-visible rect{stroke:var(--cqs-text);stroke-width:2}
svg.year .up{fill:var(--cqs-up)} svg.year .down{fill:var(--cqs-down)}
"""


def heatmap(
    first: dt.date,
    last: dt.date,
    pnl: Mapping[dt.date, float],
    currency: str,
    link: Callable[[dt.date], str] | None = None,
) -> str:
    """SVG of 53 weeks from a Monday on; each day's figure is in its tooltip, and `link` is where a day leads."""
    strongest = full_strength([abs(value) for value in pnl.values()])
    days = (first + dt.timedelta(days=i) for i in range((last - first).days + 1))
    cells = "".join(
        _linked(
            _cell(i, day, pnl.get(day), currency, strongest), link(day) if link and pnl.get(day) is not None else ""
        )
        for i, day in enumerate(days)
    )
    width, height = _LEFT + _WEEKS * (_CELL + _GAP), _TOP + 7 * (_CELL + _GAP)
    label = f'role="{"group" if link else "img"}" aria-label="Realised PnL of each day of 53 weeks"'
    year = f'<svg class="year" viewBox="0 0 {width} {height}" {label}>{_labels(first)}{cells}</svg>'
    return year + _legend(strongest, currency)


def _legend(strongest: float, currency: str) -> str:
    full = escape(amount(strongest, currency))
    return f'<div class="scale">paler is less; full color from <b>{full}</b> a day, gained or lost</div>'


def _linked(cell: str, address: str) -> str:
    return f'<a href="{escape(address)}">{cell}</a>' if address else cell


def _cell(index: int, day: dt.date, value: float | None, currency: str, strongest: float) -> str:
    week, weekday = divmod(index, 7)
    x, y = _LEFT + week * (_CELL + _GAP), _TOP + weekday * (_CELL + _GAP)
    place = f'x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" rx="3"'
    told = escape(f"{day:%a %Y-%m-%d}: {'no sale' if value is None else amount(value, currency, signed=True)}")
    if not value:
        return f'<rect class="none" {place}><title>{told}</title></rect>'
    strength = 0.25 + 0.75 * min(1.0, abs(value) / (strongest or 1.0))
    tone = "up" if value > 0 else "down"
    return f'<rect class="{tone}" {place} fill-opacity="{strength:.2f}"><title>{told}</title></rect>'


def _labels(first: dt.date) -> str:
    names = "".join(
        f'<text x="0" y="{_TOP + row * (_CELL + _GAP) + 10}">{name}</text>'
        for row, name in ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun"))
    )
    months: list[str] = []
    for week in range(_WEEKS):
        monday = first + dt.timedelta(weeks=week)
        if monday.day <= 7:
            name = f"{monday:%b %Y}" if monday.month == 1 or not months else f"{monday:%b}"
            months.append(f'<text x="{_LEFT + week * (_CELL + _GAP)}" y="10">{name}</text>')
    return names + "".join(months)
