"""Metric cards: a row of figures as one escaped HTML pane with inline SVG, quick to send and to repaint."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from cqs_panel.sections import html

if TYPE_CHECKING:
    from collections.abc import Sequence

SPARKLINE_CSS = (
    "polyline{fill:none;stroke:currentColor;stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round}"
)
"""For what has a `sparkline`; how large its `svg` is, and what `up` and `down` look like, the page says."""
_CSS = """
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(var(--least),100%),1fr));gap:var(--cqs-gap,12px)}
.card{background:var(--cqs-paper);border:1px solid var(--cqs-line);border-radius:8px;min-width:0;
  padding:var(--cqs-figure,12px 16px)}
.label{color:var(--cqs-muted);font-size:12px;line-height:18px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.value{font-size:21px;line-height:30px;font-weight:700;letter-spacing:-.01em;font-variant-numeric:tabular-nums;
  white-space:nowrap;overflow:hidden;text-overflow:ellipsis;color:var(--cqs-text)}
.note{font-size:12px;line-height:18px;color:var(--cqs-muted)}
.figure{white-space:nowrap}
div.card[title]{cursor:help} a.card.card{border-radius:8px;color:inherit} a.card:hover{border-color:var(--cqs-accent)}
.up{color:var(--cqs-up)!important} .down{color:var(--cqs-down)!important}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:0 16px} .row .value{min-width:0}
svg{display:block;flex:1 1 84px;min-width:0;height:28px;overflow:visible}
@media (max-width:600px){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}.value{font-size:18px}
  .card:last-child:nth-child(odd){grid-column:1/-1}}
"""
_LARGE = ".value{font-size:28px;line-height:38px} @media (max-width:600px){.value{font-size:22px;line-height:32px}}"
Tone = Literal["up", "down"]


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes:
        value: as text, with its unit.
        note: a line below: a change, a comparison, an age.
        tone: colors the note, or the value where there is no note.
        trend: values of a sparkline, oldest first; colored by its own change, which `period` must name.
        hint: shown on hover: the convention behind the figure.
        value_tone: colors the value, whatever the note.
        period: below the sparkline: which time it is, `60 days +3.1 %`; colored like it.
        link: an address, `page.link(…)`: a click on the card leads there.
        change: a line of its own: how the figure moved.
        change_tone: colors it.
    """

    label: str
    value: str
    note: str = ""
    tone: Tone | None = None
    trend: Sequence[float] = ()
    hint: str = ""
    value_tone: Tone | None = None
    period: str = ""
    link: str = ""
    change: str = ""
    change_tone: Tone | None = None


def metric_cards(metrics: Sequence[Metric], least: int = 170, *, large: bool = False) -> Any:
    """A pane with one card a metric, each at least `least` pixels wide, two a row on a phone.

    Set `.object = metrics_html(…)` to show other figures. `large` ones have larger figures.
    """
    own = f":host{{--least:{least}px}}" + (_LARGE if large else "")
    return html(metrics_html(metrics), stylesheets=[SPARKLINE_CSS, _CSS, own])


def metrics_html(metrics: Sequence[Metric]) -> str:
    """The cards as HTML; everything in them is escaped."""
    return f'<div class="cards">{"".join(map(_card, metrics))}</div>'


def tone(value: float | None) -> Tone | None:
    """Up for gains, down for losses, none for zero and unknown."""
    if value is None or math.isnan(value) or value == 0:
        return None
    return "up" if value > 0 else "down"


def _card(metric: Metric) -> str:
    hint = f' title="{escape(metric.hint)}"' if metric.hint else ""
    noted, valued = (metric.tone or "", metric.value_tone or "")
    if not metric.note:
        noted, valued = "", valued or metric.tone or ""
    note = f'<div class="note {noted}">{_unbroken(metric.note)}</div>' if metric.note else ""
    if metric.change:
        note += f'<div class="note {metric.change_tone or ""}">{_unbroken(metric.change)}</div>'
    label, shown = escape(metric.label), escape(metric.value)
    value = f'<div class="value {valued}" title="{shown}">{shown}</div>'
    line, period = sparkline(metric.trend), _period(metric)
    inside = f'<div class="label">{label}</div><div class="row">{value}{line}</div>{note}{period}'
    if metric.link:
        return f'<a class="card plain" href="{escape(metric.link)}"{hint}>{inside}</a>'
    return f'<div class="card"{hint}>{inside}</div>'


def _unbroken(text: str) -> str:
    """Escaped; a figure stays in one line with its sign and unit."""
    return re.sub(r"\S*\d\S*( %)?", r'<span class="figure">\g<0></span>', escape(text))


def sparkline(values: Sequence[float]) -> str:
    """Values as a line in HTML, colored by its change; empty for fewer than two."""
    known = _finite(values)
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    points = " ".join(f"{100 * i / (len(known) - 1):.2f},{24 - 22 * (v - low) / span:.2f}" for i, v in enumerate(known))
    box = 'viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true"'
    return f'<svg class="{_change(known)}" {box}><polyline points="{points}"/></svg>'


def _period(metric: Metric) -> str:
    """Which time the sparkline shows, in its color."""
    known = _finite(metric.trend)
    if len(known) < 2 or not metric.period:
        return ""
    return f'<div class="note {_change(known)}">{_unbroken(metric.period)}</div>'


def _finite(values: Sequence[float]) -> list[float]:
    return [v for v in values if math.isfinite(v)]


def _change(known: Sequence[float]) -> str:
    return tone(known[-1] - known[0]) or ""
