"""One bar per series on a common time axis: stored candles, gaps, and their causes."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.time.clock import iso
from cqs_panel import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cqs_core import Series, SeriesStatus
    from cqs_core.lake import Gap, Gaps
    from cqs_core.trading import Floats, Stamps
    from cqs_data.availability import Availability

    Link = Callable[[Series, int, int, bool], str]
    """The address for a hole `[start, end)` of a series, ms UTC, and whether asking again may help."""

_WIDTH = 1000.0  # units of the drawing, stretched to what room there is
_COLUMNS = 120  # holes that are drawn one by one at most
_FAINTEST = 0.15  # of a column in which anything is missing
_LEAST = 5.0  # minimum width of a gap: an hour in five years would be invisible
ASK_AGAIN = ("never_fetched", "unknown")  # causes that a repair may fix
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
.have{fill:var(--cqs-accent);opacity:.75}
.outage,.no_trade,.delisted{fill:#f5b83d} .never_fetched,.unknown{fill:#e8383d} a{cursor:pointer}
.axis{grid-column:2;display:flex;justify-content:space-between;color:var(--cqs-muted);font-size:11px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--cqs-muted);font-size:12px;margin-top:10px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
"""
_LEGEND = (
    ("var(--cqs-accent)", "candles"),
    ("#f5b83d", "the exchange has none"),
    ("#e8383d", "ask again"),
)


def _nowhere(*_: object) -> str:
    return ""


def coverage_pane(known: Availability, link: Link) -> Any:
    """The bars of all series; `link` makes the address of a hole."""
    return html(coverage_html(known, link), stylesheets=[_CSS])


def coverage_html(known: Availability, link: Link = _nowhere) -> str:
    """The bars as HTML; everything in them is escaped."""
    span = known.span
    if span is None:
        return ""
    rows = "".join(_row(one, known.holes.get(one.series), span, link) for one in known.series if one.first is not None)
    legend = "".join(f'<span><i style="background:{color}"></i>{text}</span>' for color, text in _LEGEND)
    return f'<div class="rows">{rows}{_axis(span)}</div><div class="legend">{legend}</div>'


def _row(one: SeriesStatus, holes: Gaps | None, span: tuple[int, int], link: Link) -> str:
    title = f"{one.series}: {one.rows:,} candles, {one.gaps:,} missing"
    have = _box("have", one.first or 0, one.last or 0, span, title)
    missing = "".join(_boxes(holes, span, link)) if holes else ""
    marked = "" if "endpoint" not in one.sources else " · endpoint"
    about = f"{escape(one.series.interval)} · {escape(one.series.exchange)}{marked}"
    name = f'<span class="name">{escape(one.series.market)} <small>{about}</small></span>'
    shape = f'viewBox="0 0 {_WIDTH:.0f} 16" preserveAspectRatio="none"'
    drawing = f'<svg {shape} role="group" aria-label="{escape(title)}">'  # an image has no links in it
    return f"{name}{drawing}{have}{missing}</svg>"


def _boxes(holes: Gaps, span: tuple[int, int], link: Link) -> Iterator[str]:
    """One box per gap; if there are too many, a column shows how much of its time is missing."""
    if len(holes) <= _COLUMNS:
        for gap in holes:
            to = link(holes.series, gap.start, gap.end, gap.cause in ASK_AGAIN)
            yield _linked(to, _box(gap.cause, gap.start, gap.end, span, _gap_title(gap)))
        return
    again = np.isin(holes.cause, ASK_AGAIN)
    for kind, title, chosen in (("no_trade", "the exchange has none", ~again), ("unknown", "ask again", again)):
        edges = np.linspace(*span, _COLUMNS + 1).astype(np.int64)
        gone = np.diff(_missing_before(edges, holes.start[chosen], holes.end[chosen]))
        for start, end, missing in zip(edges.tolist(), edges[1:].tolist(), gone.tolist(), strict=False):
            if share := missing / max(1, end - start):
                label = f"{iso(start)[:16]} to {iso(end)[:16]} UTC: {share:.0%} missing, {title}"
                to = link(holes.series, start, end, kind in ASK_AGAIN)
                yield _linked(to, _box(kind, start, end, span, label, opacity=max(_FAINTEST, share)))


def _linked(address: str, drawn: str) -> str:
    """No stop of the Tab key: there may be hundreds, and the holes are listed below the chart, too."""
    return f'<a href="{escape(address)}" tabindex="-1">{drawn}</a>' if address else drawn


def _missing_before(ts: Stamps, starts: Stamps, ends: Stamps) -> Floats:
    """Milliseconds of the holes that lie before each stamp."""
    edges = np.column_stack([starts, ends]).ravel()
    missing = np.repeat(np.cumsum(np.r_[0, ends - starts]), 2)[1:-1]
    return np.interp(ts, edges, missing) if len(edges) else np.zeros(len(ts))


def _box(kind: str, start: int, end: int, span: tuple[int, int], title: str, opacity: float = 1.0) -> str:
    scale = _WIDTH / max(1, span[1] - span[0])
    x, width = (start - span[0]) * scale, max(_LEAST, (end - start) * scale)
    faint = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    place = f'x="{x:.2f}" y="0" width="{width:.2f}" height="16"{faint}'
    return f'<rect class="{kind}" {place}><title>{escape(title)}</title></rect>'


def _gap_title(gap: Gap) -> str:
    return f"{iso(gap.start)[:16]} to {iso(gap.end)[:16]} UTC: {gap.bars:,} bars, {_CAUSES[gap.cause]}"


def _axis(span: tuple[int, int]) -> str:
    ticks = [span[0] + (span[1] - span[0]) * i // 4 for i in range(5)]
    days = (dt.datetime.fromtimestamp(at / 1000, dt.UTC).strftime("%Y-%m-%d") for at in ticks)
    return f'<div class="axis">{"".join(f"<span>{day}</span>" for day in days)}</div>'
