"""Positions, and what does not add up about them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_panel import CSV_LINK_CSS, SPARKLINE_CSS, age, amount, csv_link, percent, scrolls, sparkline, tone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_monitor.performance.holdings import Holding
    from cqs_monitor.performance.reconciliation import Finding
    from cqs_monitor.performance.report import Report

_MOST = 200
_TABLE_CSS = """
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:right;font-weight:500;font-size:12px;color:var(--cqs-muted);white-space:nowrap}
th,td{padding:var(--cqs-cell,7px 8px);border-bottom:1px solid var(--cqs-line);text-align:right;white-space:nowrap}
th.text,td.text{text-align:left;max-width:160px;overflow:hidden;text-overflow:ellipsis}
tr:last-child td{border-bottom:0}
.up{color:var(--cqs-up)} .down{color:var(--cqs-down)} .muted{color:var(--cqs-muted)}
td a{color:inherit;text-decoration:none;font-weight:600} td a:hover{color:var(--cqs-accent)}
.chip{border:1px solid var(--cqs-line);border-radius:10px;padding:0 7px;font-size:11px;color:var(--cqs-muted)}
ul{margin:0;padding:0;list-style:none;font-size:13px}
li{padding:7px 0;border-bottom:1px solid var(--cqs-line);overflow-wrap:anywhere} li:last-child{border:0}
li b{font-weight:600} li .chip{margin-left:6px} p{margin:6px 0;font-size:13px}
svg{display:inline-block;width:72px;height:22px;overflow:visible}
.wide:focus-visible{outline:2px solid var(--cqs-accent)} p.warning{color:var(--cqs-warning)}
"""
CSS = scrolls(".wide") + CSV_LINK_CSS + SPARKLINE_CSS + _TABLE_CSS
_HEAD = ("Symbol", "Unrealized", "Trend", "Value", "Share", "Last", "Entry", "Quantity", "Held for")


def holdings_html(report: Report, now: int, link: Callable[[Holding], str] | None = None) -> str:
    """A table of positions; accounts whose positions cannot be read are named above it.

    Args:
        report: with the positions.
        now: ms UTC.
        link: the address where a position is shown on candles; None for no links.
    """
    held = sorted(report.holdings, key=lambda holding: (holding.position.dust, -(holding.value or 0)))
    unreadable = "".join(
        f'<p class="warning" role="alert"><b>{escape(name)}</b>: positions.json is unreadable '
        f"({escape(report.reading.snapshot.held(name).reason)}). What it holds is unknown, not nothing.</p>"
        for name in report.unreadable[:20]
    )
    if not held:
        return unreadable or "<p class='muted'>Nothing is held.</p>"
    head = "".join(f"<th{' class=text' if i < 1 else ''}>{name}</th>" for i, name in enumerate(_HEAD))
    total = sum(holding.value or 0.0 for holding in held)
    rows = "".join(_row(holding, now, total, link, net=report.choice.net) for holding in held[:_MOST])
    more = f"<p class='muted'>{len(held) - _MOST} more; choose an account.</p>" if len(held) > _MOST else ""
    made = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    place = f'<div class="wide" tabindex="0" role="group" aria-label="Positions">{made}</div>'
    return f"{unreadable}{place}{more}{_link(held, net=report.choice.net)}"


def _link(held: Sequence[Holding], *, net: bool) -> str:
    """All positions as CSV, with exact figures."""
    headers = ("Account", "Symbol", "Quantity", "Entry", "Entered", "Last", "Value", "Unrealized", "Currency")
    rows = [
        (
            one.account,
            one.position.symbol,
            one.position.quantity,
            one.position.entry_price,
            one.entered,
            one.price and one.price.value,
            one.value,
            one.gain(net=net),
            one.form.currency,
        )
        for one in held
    ]
    return csv_link(headers, rows, "positions.csv")


def _row(holding: Holding, now: int, total: float, link: Callable[[Holding], str] | None, *, net: bool) -> str:
    position, price, days = holding.position, holding.price, holding.age_days
    dust = " <span class=chip>dust</span>" if position.dust else ""
    account = escape(holding.account)
    symbol = escape(position.symbol)
    if link is not None:
        symbol = f'<a href="{escape(link(holding))}" title="Show its trades on candles">{symbol}</a>'
    name = f"{symbol}{dust}<br><span class=muted title='{account}'>{account}</span>"
    earned = holding.gain(net=net)
    paid = holding.position.entry_price * holding.position.quantity
    share = 100 * earned / paid if earned is not None and paid else None
    gain = f"{amount(earned, holding.form.currency, signed=True)} ({percent(share, signed=True)})"
    cells = [
        f"<td class=text>{name}</td>",
        f"<td class='{tone(earned) or ''}'>{escape(gain if price else '–')}</td>",
        f"<td>{_trend(holding)}</td>",
        f"<td>{escape(amount(holding.value))}</td>",
        f"<td>{escape(percent(100 * holding.value / total if holding.value and total else None))}</td>",
        f"<td>{_last(holding, now)}</td>",
        f"<td>{escape(amount(position.entry_price))}</td>",
        f"<td>{position.quantity:.8g}</td>",
        f"<td>{escape(age(None if days is None else days * 86_400))}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _trend(holding: Holding) -> str:
    price = holding.price
    if price is None or not price.trend:
        return "–"
    return sparkline([*price.trend, *([price.value] if price.source == "live" else [])])


def _last(holding: Holding, now: int) -> str:
    price = holding.price
    if price is None:
        return f"<span class=muted>{escape(holding.unpriced)}</span>"
    as_of = "live" if price.source == "live" else f"{age((now - price.at) / 1000)} old"
    return f"{escape(amount(price.value))} <span class=muted>{escape(as_of)}</span>"


def findings_html(findings: list[Finding]) -> str:
    """Sentences, the newest first."""
    if not findings:
        return "<p class='muted'>The positions match the trades.</p>"
    ordered = sorted(findings, key=lambda finding: finding.since or "", reverse=True)
    items = "".join(_item(finding) for finding in ordered[:50])
    more = f"<li class=muted>… and {len(ordered) - 50} more: cqs monitor reconcile</li>" if len(ordered) > 50 else ""
    return f"<ul>{items}{more}</ul>"


def _item(finding: Finding) -> str:
    since = f"{escape(finding.since[:10])} " if finding.since else ""
    kind = escape(finding.kind.replace("_", " "))
    return f"<li><b>{escape(finding.account)}</b><span class=chip>{kind}</span><br>{since}{escape(finding.reason)}</li>"
