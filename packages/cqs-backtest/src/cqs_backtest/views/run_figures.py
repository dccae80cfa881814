"""Badges and metrics of a run as HTML."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_backtest.search.objective import Objective
from cqs_panel import amount, count, html, percent, ratio, tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_JUDGED = {*HEADLINE, "downside_volatility", "omega", "var_95", "cvar_95", "alpha"} - {"num_trades"}
"""Metrics of which more is better, or less."""
_CSS = """
:host{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:12px;font-variant-numeric:tabular-nums}
th{color:var(--cqs-muted);font-weight:500} th,td{padding:5px 6px;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
td.note{text-align:left;white-space:normal;color:var(--cqs-muted)}
.badges{display:flex;gap:8px;flex-wrap:wrap;font-size:12px} .badge{border:1px solid
var(--cqs-line);border-radius:12px;padding:2px 10px;background:var(--cqs-paper);cursor:help}
.good{color:var(--cqs-up)} .bad{color:var(--cqs-down);font-weight:700} .care{color:var(--cqs-warning)}
"""


def shown(text: str) -> Any:
    """HTML that is escaped already, in the style of this page."""
    return html(text, stylesheets=[_CSS])


def badges(said: dict[str, Any]) -> Any:
    """Look-ahead, parity and gaps, with what stands behind each on hover."""
    difference = said.get("parity_difference")
    parity_hint = said.get("parity_where") or "the reference engine ran the same orders"
    if difference is not None:
        parity_hint += f"; largest relative difference of equity {difference:.1e}"
    if said["parity"] == "not checked":
        parity_hint = "not executed on the reference engine: only runs of up to 20,000 symbol-bars are, by themselves"
    near = int(said["gaps"])
    beside = f"PnL of trades next to gaps: {said['gaps_pnl']:,.0f}"
    peek = said.get("lookahead_where") or "orders stayed when what lay ahead of their bar was changed"
    drawn = [
        _badge("Look-ahead", said["lookahead"], peek, {"ok": "good", "peeks": "bad"}.get(said["lookahead"], "care")),
        _badge("Parity", said["parity"], parity_hint, {"ok": "good", "differs": "bad"}.get(said["parity"], "care")),
        _badge("Gaps", f"{near:,} trades" if near else "none", beside, "care" if near else "good"),
        *_of_data(said),
    ]
    return shown(f'<div class="badges">{"".join(drawn)}</div>')


def _of_data(said: dict[str, Any]) -> Iterator[str]:
    """Badges for candles that end early and for bars without volume, if there are any."""
    stale = said.get("stale", [])
    if stale:
        parts = (f"{r['symbol']} since {r['since'][:16]}, {r['share']:.1%} of final equity" for r in stale)
        yield _badge("Stale", f"{len(stale)}", "no candles: " + "; ".join(parts), "care")
    if empty := said.get("no_volume_fills", 0):
        yield _badge("Without volume", f"{empty:,} fills", "fills in bars in which nothing was traded", "care")
    if lacking := said.get("source_incomplete", []):
        yield _badge("Source", "incomplete", "not kept: " + "; ".join(lacking), "care")
    if rows := said.get("left_out", []):
        bars, notes = sum(row["bars"] for row in rows), "; ".join(row["note"] for row in rows)
        yield _badge("Left out", "1 bar" if bars == 1 else f"{bars:,} bars", notes, "care")


def all_metrics(performance: Mapping[str, float | None], quote: str) -> Any:
    """Every metric with its convention."""
    rows = (
        f"<tr><td>{escape(c.label)}</td><td>{escape(figure(performance[key], c.unit, quote))}</td>"
        f'<td class="note">{escape(c.text)}</td></tr>'
        for key, c in CONVENTIONS.items()
        if key in performance
    )
    return shown(f"<table>{''.join(rows)}</table>")


def figure(value: float | None, unit: str, quote: str) -> str:
    """A metric as text."""
    if value is not None and math.isinf(value):
        return "∞"
    if unit == "%":
        return percent(value)
    if unit == "#":
        return count(None if value is None else int(value))
    if unit == "d":
        return count(None if value is None else round(value)) + (" d" if value is not None else "")
    return amount(value, quote) if unit == "$" else ratio(value)


def judged(metric: str, before: float | None, after: float | None) -> Literal["up", "down"] | None:
    """Whether a metric became better or worse; None where it did neither, or where neither more nor less is better.

    >>> judged("mdd", -30.0, -20.0), judged("volatility", 30.0, 40.0), judged("num_trades", 1, 2)
    ('up', 'down', None)
    """
    if metric not in _JUDGED or before is None or after is None:
        return None
    return tone(Objective.sign(metric) * (after - before))  # NaN: both are infinite


def moved(metric: str, before: float | None, after: float | None, quote: str) -> str:
    """How a metric moved, with an arrow where it did.

    >>> moved("cagr", 9.21, 15.38, "KRW"), moved("mdd", -20.0, -20.0, "KRW")
    ('▲ from 9.2 %', 'as before')
    """
    if before is None or after is None:
        return ""
    was = figure(before, CONVENTIONS[metric].unit, quote)
    if was == figure(after, CONVENTIONS[metric].unit, quote):
        return "as before"
    return f"{'▲' if after > before else '▼'} from {was}"


def changes(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> str:
    """How the figures that matter most moved, in a line.

    >>> changes({"cagr": 15.38, "mdd": -28.9, "sharpe": 0.62}, {"cagr": 9.21, "mdd": -28.9, "sharpe": 0.4})
    'CAGR 15.4 → 9.2 %, Max drawdown -28.9 → -28.9 %, Sharpe 0.62 → 0.40'
    """
    pairs = ((CONVENTIONS[name], before.get(name), after.get(name)) for name in ("cagr", "mdd", "sharpe"))
    parts = ((c.label, figure(a, c.unit, "").removesuffix(" %"), figure(b, c.unit, "")) for c, a, b in pairs)
    return ", ".join(f"{name} {a} → {b}" for name, a, b in parts)


def _badge(name: str, state: str, hint: str, css: str) -> str:
    return f'<span class="badge" title="{escape(hint)}">{escape(name)} <b class="{css}">{escape(state)}</b></span>'
