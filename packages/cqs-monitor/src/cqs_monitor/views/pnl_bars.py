"""PnL by symbol as bars to the right and left, and by hour as columns up and down."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_panel import amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.performance.convention import AccountConvention

CSS = """
.bars{display:grid;grid-template-columns:max-content minmax(80px,1fr) max-content;gap:4px 10px;align-items:center;
  font-size:12px;font-variant-numeric:tabular-nums}
.bars .name{color:var(--cqs-muted);max-width:110px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .track{position:relative;height:12px}
.bars .track:before{content:"";position:absolute;left:50%;top:-3px;bottom:-3px;border-left:1px solid var(--cqs-line)}
.bars .track i{position:absolute;top:0;bottom:0;border-radius:2px;opacity:.75}
.bars .up i{left:50%;background:var(--cqs-up)} .bars .down i{right:50%;background:var(--cqs-down)}
.bars .value{text-align:right}
svg.clock{display:block;width:100%;height:120px}
svg.clock .up{fill:var(--cqs-up)} svg.clock .down{fill:var(--cqs-down)} svg.clock line{stroke:var(--cqs-line)}
.hours{display:flex;justify-content:space-between;font-size:10px;color:var(--cqs-muted);padding:2px 0 0}
"""
_MOST = 24


def bars(values: Mapping[str, float], currency: str, kind: str = "") -> str:
    """HTML, escaped, with the sum of all; beyond 24 names the smallest figures are left out, and said to be.

    Args:
        values: by name.
        currency: of the values.
        kind: of the figures: gross, net.
    """
    kept = sorted(values, key=lambda name: -abs(values[name]))[:_MOST]
    longest = max((abs(values[name]) for name in kept), default=0.0) or 1.0
    rows = "".join(_row(name, value, currency, longest) for name, value in values.items() if name in kept)
    left = len(values) - len(kept)
    rest = amount(sum(v for name, v in values.items() if name not in kept), currency, signed=True)
    more = f'<span class="name">{left} smaller</span><span></span><span class="value">{rest}</span>' if left else ""
    total = escape(amount(sum(values.values()), currency, signed=True))
    more += f'<b class="name">Total, {escape(kind)}</b><span></span><b class="value">{total}</b>' if kind else ""
    return f'<div class="bars">{rows}{more}</div>'


def _row(name: str, value: float, currency: str, longest: float) -> str:
    tone = "up" if value > 0 else "down"
    width = 50 * abs(value) / longest
    shown = escape(amount(value, currency, signed=True))
    track = f'<span class="track {tone}"><i style="width:{width:.1f}%"></i></span>'
    return f'<span class="name" title="{escape(name)}">{escape(name)}</span>{track}<span class="value">{shown}</span>'


def clock(by_hour: Mapping[int, float], known: AccountConvention, kind: str = "") -> str:
    """24 columns of PnL; each hour's figure is in its tooltip, the largest is the scale."""
    largest = max((abs(value) for value in by_hour.values()), default=0.0) or 1.0
    columns = "".join(_column(hour, value, largest, known) for hour, value in by_hour.items())
    box = 'viewBox="0 0 240 100" preserveAspectRatio="none" role="img" aria-label="PnL by hour of the day"'
    hours = "".join(f"<span>{hour:02d}</span>" for hour in range(0, 24, 3))
    axis = '<line x1="0" x2="240" y1="50" y2="50" vector-effect="non-scaling-stroke"/>'
    full = escape(f"{amount(largest, known.currency)} at full height, {kind}")
    scale = f'<div class="hours"><span>{full}</span></div>' if kind else ""
    return f'{scale}<svg class="clock" {box}>{axis}{columns}</svg><div class="hours">{hours}<span>24</span></div>'


def _column(hour: int, value: float, largest: float, known: AccountConvention) -> str:
    height = max(0.8, 49 * abs(value) / largest)
    top = 50 - height if value > 0 else 50
    told = escape(f"{hour:02d}:00 to {hour + 1:02d}:00 {known.zone}: {amount(value, known.currency, signed=True)}")
    place = f'x="{10 * hour + 1.5}" y="{top:.2f}" width="7" height="{height:.2f}" fill-opacity="0.8"'
    return f'<rect class="{"up" if value > 0 else "down"}" {place}><title>{told}</title></rect>'
