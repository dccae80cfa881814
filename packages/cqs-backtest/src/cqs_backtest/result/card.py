"""The card of a result in a notebook: name, problems, headline metrics, equity and drawdown.

It needs no script and no server. Its colors are those of the notebook, light or dark.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, version_note
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.result.notes import Note, notes
from cqs_core.trading.metrics import drawdowns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.record import Record
    from cqs_core.trading.metrics import Floats

COLORS = ("#2f6bd8", "#c2410c", "#0f766e", "#7c3aed", "#be185d", "#4d7c0f")
_GREY, _RED, _AMBER, _GREEN = "#8a94a6", "#d64545", "#c27803", "#2f9e6e"
_LEVELS = {"bad": _RED, "care": _AMBER, "good": _GREEN}
_WIDTH, _HIGH, _LOW = 720, 150, 60
_MOST = 700  # points of a line


def card(record: Record, title: str, about: str, luck: Luck | None = None) -> str:
    """HTML of one run; everything from the run is escaped."""
    said = notes(record.badges)
    loud = [note for note in said if note.level == "bad"]
    calm = [note for note in said if note.level != "bad"]
    parts = [
        f'<div style="font-weight:600;font-size:15px">{escape(title)}</div>{_small(about)}',
        *(_alarm(note) for note in loud),
        _figures(record.performance),
        _small(luck.sentence if luck else ""),
        _small(version_note(record.manifest) or ""),
        curves([record.equity], [_GREY, COLORS[0]], record.capital, behind=record.benchmark),
        _small("Equity (logarithmic) and drawdown; in gray, the benchmark. A year has 365 days."),
        "".join(_chip(note) for note in calm),
    ]
    return framed("".join(parts))


def framed(inside: str) -> str:
    """A block that the notebook's own styles leave alone."""
    style = "border:1px solid #8a94a655;border-radius:8px;padding:12px 14px;max-width:760px;font:13px/1.5 system-ui"
    return f'<div style="{style},sans-serif">{inside}</div>'


def curves(equity: Sequence[Floats], colors: Sequence[str], capital: float, behind: Floats | None = None) -> str:
    """Equity curves over their drawdowns as SVG.

    Args:
        equity: (T,) each, all over the same time.
        colors: of `behind` first, then one a curve.
        capital: at the start, from which drawdowns count.
        behind: drawn behind the curves.
    """
    every = [*([] if behind is None else [behind]), *equity]
    used = colors if behind is not None else colors[-len(every) :]
    logs = [np.log(np.maximum(thinned(one), 1e-12 * capital)) for one in every]
    low, high = min(float(one.min()) for one in logs), max(float(one.max()) for one in logs)
    above = [_line(_scaled(one, low, high, 4, _HIGH), color) for one, color in zip(logs, used, strict=True)]
    falls = [thinned(drawdowns(one, capital)) for one in equity]
    deep = min(*(float(one.min()) for one in falls), -0.01)
    tones = [_RED] if len(equity) == 1 else used[-len(equity) :]
    below = [
        _line(_scaled(one, deep, 0.0, _HIGH + 8, _HIGH + _LOW), tone) for one, tone in zip(falls, tones, strict=True)
    ]
    edge = f'<line x1="0" x2="{_WIDTH}" y1="{_HIGH + 8}" y2="{_HIGH + 8}" stroke="{_GREY}" stroke-width=".5"/>'
    text = f"Equity, and drawdown down to {deep:.1%}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HIGH + _LOW + 4}" style="width:100%;height:auto;display:block" role="img" '
        f'aria-label="{text}"><title>{text}</title>{edge}{"".join(above)}{"".join(below)}</svg>'
    )


def thinned(values: Floats) -> Floats:
    """At most `2 * _MOST` points; the lowest and highest of each stretch stay, so that no fall is lost."""
    if len(values) <= 2 * _MOST:
        return values if len(values) > 1 else np.repeat(values, 2)
    found = []
    for part in np.array_split(values, _MOST):
        a, b = sorted((int(np.argmin(part)), int(np.argmax(part))))
        found += [part[a], part[b]]
    return np.array(found)


def _scaled(values: Floats, low: float, high: float, top: float, bottom: float) -> Floats:
    span = high - low
    share = (values - low) / span if span > 0 else np.full(len(values), 0.5)
    return np.asarray(bottom - share * (bottom - top))


def _line(y: Floats, color: str) -> str:
    x = np.linspace(0, _WIDTH, len(y))
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.4"/>'


def _figures(performance: Mapping[str, float]) -> str:
    cells = "".join(
        f'<div title="{escape(CONVENTIONS[name].text)}"><div style="opacity:.7;font-size:12px">'
        f"{escape(CONVENTIONS[name].label)}</div><b>"
        f"{escape(figure(performance.get(name, math.nan), CONVENTIONS[name].unit))}</b></div>"
        for name in HEADLINE
    )
    grid = "display:grid;grid-template-columns:repeat(auto-fill,minmax(110px,1fr));gap:8px;margin:10px 0"
    return f'<div style="{grid}">{cells}</div>'


def _alarm(note: Note) -> str:
    style = f"border-left:4px solid {_RED};padding:4px 10px;margin:8px 0;font-weight:600;color:{_RED}"
    return f'<div style="{style}">{escape(note.text)}</div>'


def _chip(note: Note) -> str:
    style = f"display:inline-block;border:1px solid {_LEVELS[note.level]};border-radius:10px;padding:1px 9px"
    return f'<span style="{style};margin:3px 6px 0 0;font-size:12px">{escape(note.text)}</span>'


def _small(text: str) -> str:
    return f'<div style="opacity:.7;font-size:12px">{escape(text)}</div>'
