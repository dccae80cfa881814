"""The cells of the watchlist as HTML: each market with its price, the change, and the last 60 days."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_core.time import intervals
from cqs_core.time.clock import now
from cqs_core.trading import quote_of
from cqs_panel import CSV_LINK_CSS, SPARKLINE_CSS, age, amount, csv_link, percent, sparkline, tone, when

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_data.feeds import LastPrices
    from cqs_data.views.watched import WatchedMarket

_CSS = """
.watch{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(290px,100%),1fr));gap:0 24px;max-height:340px;
  overflow-y:auto;font-size:13px;font-variant-numeric:tabular-nums}
.watch>div{display:grid;grid-template-columns:minmax(0,1fr) 56px auto 64px;gap:0 10px;align-items:center;
  padding:var(--cqs-cell,6px 2px);border-bottom:1px solid var(--cqs-line);white-space:nowrap}
.watch .name{overflow:hidden;text-overflow:ellipsis;font-weight:600}
.watch a{color:inherit;text-decoration:none} .watch a:hover{color:var(--cqs-accent)}
.watch .figure{text-align:right}
.up{color:var(--cqs-up)} .down{color:var(--cqs-down)} .muted{color:var(--cqs-muted);font-size:12px;margin-top:4px}
svg{display:block;width:56px;height:20px;overflow:visible}
"""
CSS = CSV_LINK_CSS + SPARKLINE_CSS + _CSS
_NONE = "You watch no market yet. Edit adds some; they are kept as a set, which you can fetch or backtest too."


def watchlist_html(rows: Sequence[WatchedMarket], prices: LastPrices | None, link: Callable[[str], str]) -> str:
    """A cell for each market; how the connection is stands below them.

    Args:
        rows: the markets in their order.
        prices: live ones; None where none are followed.
        link: the address of a series of the lake.
    """
    if not rows:
        return f'<div class="muted">{_NONE}</div>'
    cells = "".join(f'<div role="listitem">{_cell(one, prices, link)}</div>' for one in rows)
    place = f'<div class="watch" role="list" tabindex="0" aria-label="Watchlist">{cells}</div>'
    return f"{place}{_state(prices)}{_csv(rows, prices)}"


def _cell(one: WatchedMarket, prices: LastPrices | None, link: Callable[[str], str]) -> str:
    price, change, hint = _price(one, prices)
    name = escape(one.market)
    if one.series is not None:
        named = f'<a class="name" href="{escape(link(str(one.series)))}" title="Show its candles">{name}</a>'
    else:
        named = f'<span class="name" title="Not in the lake: the Data page fetches it">{name}</span>'
    live = prices is not None and one.market in prices.ticks
    closes = [*one.closes, price] if live and price is not None else one.closes
    return (
        f"{named}<span>{sparkline(closes)}</span>"
        f'<span class="figure" title="{escape(hint)}">{escape(amount(price, quote_of(one.market)))}</span>'
        f'<span class="figure {tone(change) or ""}">{escape(percent(change, signed=True))}</span>'
    )


def _price(one: WatchedMarket, prices: LastPrices | None) -> tuple[float | None, float | None, str]:
    """Price, its change in percent, and where both come from."""
    before = one.closes[-1] if one.closes else None
    tick = prices.ticks.get(one.market) if prices else None
    if tick is not None:
        change = tick.change if tick.change is not None else 100 * (tick.price / before - 1) if before else None
        basis = "as the exchange counts the day" if tick.change is not None else "against the last stored close"
        return tick.price, change, f"live, {when(tick.ts, 'UTC')} UTC; change {basis}"
    if before is None:
        return None, None, one.fault or one.unlive or "no price has come yet"
    change = 100 * (before / one.closes[-2] - 1) if len(one.closes) > 1 else None
    closed = min(intervals.next_open("1d", one.last), now())
    said = f"stored close of {when(one.last, 'UTC')[:10]} UTC, {age((now() - closed) / 1000)} ago"
    return before, change, f"{said}; {one.unlive}" if one.unlive else said


def _state(prices: LastPrices | None) -> str:
    """How the connection is, in a line."""
    if prices is None:
        return '<div class="muted">stored closes; no live prices here</div>'
    if prices.state == "live":
        return '<div class="muted">live</div>'
    return f'<div class="muted" role="status">{escape(prices.state)} … {escape(prices.said)}</div>'


def _csv(rows: Sequence[WatchedMarket], prices: LastPrices | None) -> str:
    table = [(one.market, *_price(one, prices)[:2]) for one in rows]
    return csv_link(("Market", "Last", "Change %"), table, "watchlist.csv")
