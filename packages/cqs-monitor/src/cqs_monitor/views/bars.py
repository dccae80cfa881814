"""PnL by symbol or by hour as bars, gains to the right, losses to the left."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_panel import amount

if TYPE_CHECKING:
    from collections.abc import Mapping

CSS = """
.bars{display:grid;grid-template-columns:max-content minmax(80px,1fr) max-content;gap:4px 10px;align-items:center;
  font-size:12px;font-variant-numeric:tabular-nums}
.bars .name{color:var(--cqs-muted);max-width:110px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .track{position:relative;height:12px}
.bars .track:before{content:"";position:absolute;left:50%;top:-3px;bottom:-3px;border-left:1px solid var(--cqs-line)}
.bars .track i{position:absolute;top:0;bottom:0;border-radius:2px;opacity:.75}
.bars .up i{left:50%;background:var(--cqs-up)} .bars .down i{right:50%;background:var(--cqs-down)}
.bars .value{text-align:right}
"""
_MOST = 24


def bars(values: Mapping[str, float]) -> str:
    """HTML, escaped; beyond 24 names the smallest figures are left out, and said to be."""
    kept = sorted(values, key=lambda name: -abs(values[name]))[:_MOST]
    longest = max((abs(values[name]) for name in kept), default=0.0) or 1.0
    rows = "".join(_row(name, value, longest) for name, value in values.items() if name in kept)
    left = len(values) - len(kept)
    more = f'<span class="name">and {left} smaller ones</span><span></span><span></span>' if left else ""
    return f'<div class="bars">{rows}{more}</div>'


def _row(name: str, value: float, longest: float) -> str:
    tone = "up" if value > 0 else "down"
    width = 50 * abs(value) / longest
    shown = escape(amount(value, "KRW", signed=True))
    track = f'<span class="track {tone}"><i style="width:{width:.1f}%"></i></span>'
    return f'<span class="name" title="{escape(name)}">{escape(name)}</span>{track}<span class="value">{shown}</span>'
