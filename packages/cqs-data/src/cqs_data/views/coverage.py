"""One bar a series on a common time axis: what is there, what is missing, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core.times import iso
from cqs_panel.sections import html

if TYPE_CHECKING:
    from cqs_core import SeriesStatus
    from cqs_core.lake.gaps import Gap
    from cqs_data.availability import Availability

_WIDTH = 1000.0  # units of the drawing, stretched to what room there is
_LEAST = 1.5  # units that a hole takes at least, or nobody would see an hour in five years
_CAUSES = {
    "no_trade": "not traded",
    "outage": "outage",
    "never_fetched": "never fetched",
    "delisted": "not listed",
    "unknown": "unknown",
}
_CSS = """
.rows{display:grid;grid-template-columns:minmax(110px,max-content) minmax(0,1fr);gap:6px 14px;align-items:center;
  font-size:12.5px}
.name{white-space:nowrap;overflow:hidden;text-overflow:ellipsis} .name small{color:var(--cqs-muted)}
svg{display:block;width:100%;height:16px;border-radius:4px;background:var(--cqs-hover)}
.have{fill:var(--cqs-accent);opacity:.75} .outage,.no_trade,.delisted{fill:var(--cqs-warning)}
.never_fetched,.unknown{fill:var(--cqs-down)}
.axis{grid-column:2;display:flex;justify-content:space-between;color:var(--cqs-muted);font-size:11px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--cqs-muted);font-size:12px;margin-top:10px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
"""
_LEGEND = (
    ("var(--cqs-accent)", "candles"),
    ("var(--cqs-warning)", "the exchange has none"),
    ("var(--cqs-down)", "ask again"),
)


def coverage_pane(known: Availability) -> Any:
    """The bars of all series."""
    return html(coverage_html(known), stylesheets=[_CSS])


def coverage_html(known: Availability) -> str:
    """The bars as HTML; everything in them is escaped."""
    span = known.span
    if span is None:
        return ""
    rows = "".join(_row(one, known.holes.get(one.series, ()), span) for one in known.series if one.first is not None)
    legend = "".join(f'<span><i style="background:{color}"></i>{text}</span>' for color, text in _LEGEND)
    return f'<div class="rows">{rows}{_axis(span)}</div><div class="legend">{legend}</div>'


def _row(one: SeriesStatus, holes: Sequence[Gap], span: tuple[int, int]) -> str:
    title = f"{one.series}: {one.rows:,} candles, {sum(gap.bars for gap in holes):,} missing"
    have = _box("have", one.first or 0, one.last or 0, span, title)
    missing = "".join(_box(gap.cause, gap.start, gap.end, span, _told(gap)) for gap in holes)
    marked = "" if "endpoint" not in one.sources else " · endpoint"
    about = f"{escape(one.series.interval)} · {escape(one.series.exchange)}{marked}"
    name = f'<span class="name">{escape(one.series.market)} <small>{about}</small></span>'
    drawing = f'<svg viewBox="0 0 {_WIDTH:.0f} 16" preserveAspectRatio="none" role="img" aria-label="{escape(title)}">'
    return f"{name}{drawing}{have}{missing}</svg>"


def _box(kind: str, start: int, end: int, span: tuple[int, int], title: str) -> str:
    scale = _WIDTH / max(1, span[1] - span[0])
    x, width = (start - span[0]) * scale, max(_LEAST, (end - start) * scale)
    return (
        f'<rect class="{kind}" x="{x:.2f}" y="0" width="{width:.2f}" height="16"><title>{escape(title)}</title></rect>'
    )


def _told(gap: Gap) -> str:
    return f"{iso(gap.start)[:16]} to {iso(gap.end)[:16]} UTC: {gap.bars:,} bars, {_CAUSES[gap.cause]}"


def _axis(span: tuple[int, int]) -> str:
    ticks = [span[0] + (span[1] - span[0]) * i // 4 for i in range(5)]
    days = (dt.datetime.fromtimestamp(at / 1000, dt.UTC).strftime("%Y-%m-%d") for at in ticks)
    return f'<div class="axis">{"".join(f"<span>{day}</span>" for day in days)}</div>'
