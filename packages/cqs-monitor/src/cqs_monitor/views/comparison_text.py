"""A comparison in words and numbers: its cards, deviations, and what the backtest did not see."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_core.time.clock import parse_start
from cqs_monitor.views import comparison_table
from cqs_panel import Metric, amount, count, ratio, tone

if TYPE_CHECKING:
    from cqs_monitor.compare.comparison import BotComparison
    from cqs_monitor.compare.deviations import Deviation
    from cqs_panel import PageState


def change(before: BotComparison, after: BotComparison) -> str:
    """The change since the last comparison, in one line."""
    old, new = (one.bridge.live - one.bridge.backtest for one in (before, after))
    was, now = amount(old, before.form.currency, signed=True), amount(new, after.form.currency, signed=True)
    return f"Compared: live less backtest {was} → {now}"


def metrics(found: BotComparison) -> list[Metric]:
    bridge, pairing, currency = found.bridge, found.pairing, found.form.currency
    gap = bridge.live - bridge.backtest
    slip = "–" if found.costs is None else f"{ratio(found.costs.slippage_bps)} bp"
    fills = "" if found.costs is None else f"{count(found.costs.fills)} fills, a side"
    differing = sum(bool(pair.differs) for pair in pairing.matched)
    what = "net of estimated fees"
    return [
        Metric("Backtest", amount(bridge.backtest, currency, signed=True), what, value_tone=tone(bridge.backtest)),
        Metric("Live", amount(bridge.live, currency, signed=True), what, value_tone=tone(bridge.live)),
        Metric("Difference", amount(gap, currency, signed=True), "live less backtest", hint="The sum of the bars"),
        Metric("Matched", count(len(pairing.matched)), f"{differing} differ"),
        Metric(
            "Missed and extra",
            f"{count(len(pairing.missed))} and {count(len(pairing.extra))}",
            "bought only by the strategy, only by the bot",
        ),
        Metric("Slippage", slip, fills, hint="Relative to the strategy's prices, weighted by value; above 0 is worse"),
    ]


def unseen(found: BotComparison) -> str:
    """Reasons why the bot could not have followed this backtest."""
    told = "<br>".join(escape(said) for said in found.incomplete)
    return f'<div class="fault" role="alert"><b>The backtest did not see all bars</b><span>{told}</span></div>'


def deviations(found: BotComparison, page: PageState) -> str:
    if not found.deviations:
        return "<p class='muted'>The bot did what the strategy says.</p>"
    items = [_deviation(one, page) for one in reversed(found.deviations)]
    more = f"<li class=muted>… and {len(items) - 30} more, in the table below</li>" if len(items) > 30 else ""
    return f"<ul>{''.join(items[:30])}{more}</ul>"


def _deviation(one: Deviation, page: PageState) -> str:
    at = parse_start(one.time) or 0
    address = escape(page.link(position=comparison_table.key(one.symbol, at)))
    named = f"<b>{escape(one.symbol)}</b><span class=chip>{escape(one.kind)}</span>"
    told = f"{escape(one.time[:10])} {escape(one.detail)}"
    return f'<li><a class="plain" href="{address}">{named}<br>{told}</a></li>'
