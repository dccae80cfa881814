"""The tear sheet: headline, charts, tables, manifest."""

from __future__ import annotations

import contextlib
import json
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.metrics import worst_drawdowns
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note, version_note
from cqs_backtest.metrics.metric_text import figure
from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.record import Record

_CSS = """
:root{color-scheme:light
dark;--paper:#fff;--ground:#f4f6f9;--text:#1a2230;--muted:#5c677a;--line:#dfe4ec}
@media(prefers-color-scheme:dark){:root{--paper:#161a21;--ground:#0e1116;--text:#e6eaf2;--muted:#98a3b5;--line:#2a313d}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:14px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px}
p{margin:4px 0;color:var(--muted)}section{background:var(--paper);border:1px solid
var(--line);border-radius:8px;padding:14px 16px;
margin-top:12px;overflow-x:auto}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:12px}
.cards b{display:block;font-size:18px}.cards span{color:var(--muted);font-size:12px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13px}th{color:var(--muted);font-weight:500}
th,td{padding:5px 8px;border-bottom:1px solid
var(--line);text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}
td.text{text-align:left;white-space:normal;color:var(--muted)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:0}
@page{margin:12mm}@media print{:root{--paper:#fff;--ground:#fff;--text:#000;--muted:#333;--line:#bbb}
main{zoom:.65;padding:0}section{break-inside:avoid;overflow:visible}section:has(table,pre){break-inside:auto}
tr{break-inside:avoid}}
"""


def tear_sheet(run: Record, luck: Luck | None = None) -> str:
    """One self-contained, interactive HTML page; everything from the run is escaped.

    Args:
        run: of which it tells.
        luck: what its Sharpe is worth, if that is known.

    Raises:
        UsageError: the extra `panel` is not installed, which draws the charts.
    """
    made = run.manifest
    title = f"{made['strategy']['name']} on {', '.join(made['symbols'])}"
    head, charts, script = _charts(run)
    parts = [
        f"<h1>{escape(title)}</h1>{_about(made, luck)}",
        f'<section class="cards">{_cards(made["performance"])}</section>',
        *(_section(name, drawn) for name, drawn in charts.items()),
        _section("Worst drawdowns", _drawdowns(run, made["costs"]["capital"])),
        _section("All metrics", _metrics(made["performance"])),
        _section("Trades", _trades(run.trades.to_pylist())),
        _section("Manifest", f"<pre>{escape(json.dumps(made, indent=1, ensure_ascii=False))}</pre>"),
    ]
    meta = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = f"<body><main>{''.join(parts)}</main>{script}</body>"
    return f'<!doctype html><html lang="en"><head>{meta}<style>{_CSS}</style>{head}</head>{body}</html>\n'


def _charts(run: Record) -> tuple[str, dict[str, str], str]:
    """Scripts for the head, charts by the titles of their sections, and the script that fills them."""
    from cqs_backtest import charts

    drawn = {
        f"Equity, logarithmic, and drawdown, %; in grey: {run.held}": charts.equity(run, log=True, height=440),
        "Years, %": charts.years(run),
        "Months, %": charts.months(run),
        "Days that moved equity, by return, %; dashed: mean, dotted: 5th percentile": charts.distribution(run),
    }
    with contextlib.suppress(UsageError):  # too few days on which equity moved
        drawn["Sharpe of the last 90 days"] = charts.rolling(run)
    parts = charts.embedded(drawn)
    return parts.head, dict(parts.charts), parts.script


def _about(made: dict[str, Any], luck: Luck | None) -> str:
    costs, badges = made["costs"], made["badges"]
    dates = (
        f"{made['first'][:10]} to {made['last'][:10]}, {made['exchange']} {made['interval']}, engine {made['engine']}"
    )
    paid = f"fee {costs['fee']:.4%}, slippage {costs['slippage_bps']:g} bps a side, lot {costs['lot']:g}, "
    paid += f"minimum order {costs['min_order']:,.0f}, capital {costs['capital']:,.0f}"
    said = f"look-ahead: {badges['lookahead']} · parity: {badges['parity']} · trades touching gaps: {badges['gaps']}"
    for row in badges.get("stale", []):
        said += f" · {row['symbol']} has no candles since {row['since'][:16]}, {row['share']:.1%} of final equity"
    if badges.get("no_volume_fills"):
        said += f" · fills in bars without volume: {badges['no_volume_fills']:,}"
    left_out = (row["note"] for row in badges.get("left_out", []))
    notes = (daily_note(made["interval"]), *left_out, version_note(made), luck.sentence if luck else None)
    lines = (dates, paid, said, *filter(None, notes), f"run {made['id']}, made {made['created']}")
    return "".join(f"<p>{escape(text)}</p>" for text in lines)


def _cards(performance: dict[str, float | None]) -> str:
    return "".join(
        f'<div title="{escape(CONVENTIONS[key].text)}"><span>{escape(CONVENTIONS[key].label)}</span>'
        f"<b>{_value(performance.get(key), CONVENTIONS[key].unit)}</b></div>"
        for key in HEADLINE
    )


def _metrics(performance: dict[str, float | None]) -> str:
    rows = (
        (escape(c.label), _value(performance[key], c.unit), f'<td class="text">{escape(c.text)}</td>')
        for key, c in CONVENTIONS.items()
        if key in performance
    )
    body = "".join(f"<tr><td>{label}</td><td>{value}</td>{text}</tr>" for label, value, text in rows)
    return f"<table><tr><th>Metric</th><th>Value</th><th></th></tr>{body}</table>"


def _drawdowns(run: Record, capital: float) -> str:
    found = worst_drawdowns(run.ts, run.equity, capital)
    rows = (
        [_day(d.start), _day(d.trough), _day(d.end), f"{d.depth_pct:.1f} %", f"{d.days:.0f}", _number(d.recovery_days)]
        for d in found
    )
    return _table(["From", "Deepest", "Back at the high", "Depth", "Days", "Recovery, days"], rows)


def _trades(trades: Sequence[dict[str, Any]]) -> str:
    head = ["Symbol", "Entry", "Exit", "Entry price", "Exit price", "PnL", "Return, %", "Fees", "Reason"]
    rows = (
        [
            t["symbol"],
            f"{t['entry_time']:%Y-%m-%d %H:%M}",
            f"{t['exit_time']:%Y-%m-%d %H:%M}" if t["exit_time"] else "",
            f"{t['entry_price']:,.6g}",
            "" if t["exit_time"] is None else f"{t['exit_price']:,.6g}",
            f"{t['pnl']:,.0f}",
            f"{t['return_pct']:.2f}",
            f"{t['fees']:,.0f}",
            t["reason"],
        ]
        for t in trades
    )
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr>{body}</table>"


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inside}</section>"


def _value(value: float | None, unit: str) -> str:
    return escape(figure(float("nan") if value is None else value, unit))


def _day(ts: int | None) -> str:
    return "" if ts is None else str(np.datetime64(ts, "ms").astype("datetime64[D]"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
