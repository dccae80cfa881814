"""The tear sheet: headline, charts, tables, manifest."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.metrics import monthly_returns, worst_drawdowns, yearly_returns
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note, other_versions
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.report.svg import area, bars, lines
from cqs_core.trading.metrics import daily_equity, drawdowns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cqs_backtest.record import Record

_MONTHS = [f"{m:02}" for m in range(1, 13)]
_CSS = """
:root{color-scheme:light
dark;--paper:#fff;--ground:#f4f6f9;--text:#1a2230;--muted:#5c677a;--line:#dfe4ec;--accent:#2f6bd8;
--up:#00695c;--down:#c62828}
@media(prefers-color-scheme:dark){:root{--paper:#171b23;--ground:#0e1116;--text:#e6eaf2;--muted:#98a3b5;--line:#2a313d;
--accent:#7aa2f7;--up:#2fb8a8;--down:#ff7a77}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:14px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px}
p{margin:4px 0;color:var(--muted)}section{background:var(--paper);border:1px solid
var(--line);border-radius:8px;padding:14px 16px;
margin-top:12px;overflow-x:auto}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:12px}
.cards b{display:block;font-size:18px}.cards span{color:var(--muted);font-size:12px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13px}th{color:var(--muted);font-weight:500}
th,td{padding:5px 8px;border-bottom:1px solid
var(--line);text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}
td.text{text-align:left;white-space:normal;color:var(--muted)}.up{color:var(--up)}.down{color:var(--down)}
svg{width:100%;height:auto;display:block}svg line{stroke:var(--line)}svg text{fill:var(--muted);font-size:12px}
polyline{fill:none;stroke:var(--accent);stroke-width:1.8}polyline.other{stroke:var(--muted);stroke-width:1.2}
polygon{fill:var(--down);opacity:.3}rect.up{fill:var(--up)}rect.down{fill:var(--down)}text.x{text-anchor:middle}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:0}
"""


def tear_sheet(run: Record) -> str:
    """One self-contained HTML page; everything from the run is escaped."""
    made = run.manifest
    capital = made["costs"]["capital"]
    days, equity = daily_equity(run.ts, run.equity, made["day_start"])
    title = f"{made['strategy']['name']} on {', '.join(made['symbols'])}"
    parts = [
        f"<h1>{escape(title)}</h1>{_about(made)}",
        f'<section class="cards">{_cards(made["performance"])}</section>',
        _section(
            f"Equity, logarithmic; in grey: {escape(run.held)}",
            lines(run.ts, {"equity": run.equity, run.held: run.benchmark}, 320, "Equity", log=True),
        ),
        _section("Drawdown, %", area(run.ts, 100 * drawdowns(run.equity, capital), 150, "Drawdown")),
        _section("Years, %", bars(yearly_returns(days, equity, capital), 180, "Return of each year")),
        _section("Months, %", _heatmap(monthly_returns(days, equity, capital))),
        _section("Worst drawdowns", _drawdowns(run, capital)),
        _section("All metrics", _metrics(made["performance"])),
        _section("Trades", _trades(run.trades.to_pylist())),
        _section("Manifest", f"<pre>{escape(json.dumps(made, indent=1, ensure_ascii=False))}</pre>"),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = f"<body><main>{''.join(parts)}</main></body>"
    return f'<!doctype html><html lang="en"><head>{head}<style>{_CSS}</style></head>{body}</html>\n'


def _about(made: dict[str, Any]) -> str:
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
    labels = ", ".join(CONVENTIONS[name].label for name in other_versions(made))
    left_out = (row["note"] for row in badges.get("left_out", []))
    notes = (daily_note(made["interval"]), *left_out, f"made under another version of: {labels}" if labels else None)
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


def _heatmap(months: dict[str, float]) -> str:
    rows = []
    for year in dict.fromkeys(name[:4] for name in months):
        cells = "".join(_signed(months.get(f"{year}-{m}")) for m in _MONTHS)
        rows.append(f"<tr><td>{year}</td>{cells}</tr>")
    head = "".join(f"<th>{m}</th>" for m in _MONTHS)
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


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


def _signed(value: float | None) -> str:
    if value is None:
        return "<td></td>"
    return f'<td class="{"up" if value > 0 else "down" if value < 0 else ""}">{value:.1f}</td>'


def _day(ts: int | None) -> str:
    return "" if ts is None else str(np.datetime64(ts, "ms").astype("datetime64[D]"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
