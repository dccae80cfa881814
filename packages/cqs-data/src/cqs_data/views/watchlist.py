"""The overview's watchlist: markets that a person chose, at their live prices."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError
from cqs_core.time import intervals
from cqs_core.time.clock import now
from cqs_data.feeds import join_prices
from cqs_data.fetching.listed_markets import listed_markets
from cqs_data.views.watched import changed, lists, own_list, watched
from cqs_panel import (
    CSV_LINK_CSS,
    FIELD,
    WIDE,
    age,
    amount,
    beside,
    csv_link,
    fill,
    html,
    operator_only,
    percent,
    read_only,
    section,
    sparkline,
    stack,
    tone,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core.lake import MarketSet
    from cqs_data.feeds import LastPrices, PriceFeed
    from cqs_data.views.watched import WatchedMarket
    from cqs_panel import PageState

_STORED = 60.0  # seconds between two looks at what is stored
_LIVE = 1.0  # seconds between two looks at live prices
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
polyline{fill:none;stroke:currentColor;stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round}
"""
CSS = CSV_LINK_CSS + _CSS
_NONE = "You watch no market yet. Edit adds some; they are kept as a set, which you can fetch or backtest too."
_VIEWER = "You may look: an operator adds markets. You can watch any saved set."


class Watchlist(pn.viewable.Viewer):
    """A card of the overview. It follows prices while the page is shown, over one connection for all windows."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._own = own_list()
        self._sets: Mapping[str, MarketSet] = {}
        self._rows: Sequence[WatchedMarket] = ()
        self._feed: PriceFeed | None = None
        self._key: tuple[str, tuple[str, ...]] = ("", ())
        self._seen: LastPrices | None = None
        self._table = html("", stylesheets=[CSS])
        self._form = pn.Column(visible=False, **WIDE)
        self._shown = stack(visible=False)
        page.every(_STORED, self._ask)
        page.every(_LIVE, self._tick)
        page.param.watch(lambda _: self._follow(), "shown")
        page.at_end(self._leave)
        page.on_job(lambda _: self._ask())

    def __panel__(self) -> Any:
        return self._shown

    @property
    def _name(self) -> str:
        """The name of the set that is watched."""
        asked = self._page.query.get("watch", "")
        return asked if asked in self._sets else self._own

    def _exchange(self) -> str:
        one = self._sets.get(self._name)
        return one.exchange if one is not None else self._page.settings.exchange

    def _ask(self) -> None:
        page, name = self._page, self._page.query.get("watch", "")
        bucket, endpoint = page.bucket, page.settings.endpoint

        def work() -> tuple[Mapping[str, MarketSet], Sequence[WatchedMarket]]:
            known = lists(bucket)
            one = known.get(name) or known.get(self._own)
            if one is None:
                return known, ()
            return known, watched(bucket, one.exchange, one.markets, endpoint, demo=page.demo and not endpoint)

        page.load(work, self._have, quiet=True)

    def _have(self, found: tuple[Mapping[str, MarketSet], Sequence[WatchedMarket]]) -> None:
        self._sets, self._rows = found
        self._follow()
        self._draw()
        if not self._shown.visible:
            edit = pmui.Button(label="Edit", icon="edit", variant="outlined", size="small", margin=0)
            edit.on_click(lambda _: self._toggle())
            note = "last price, its change of the day, and 60 days"
            self._shown[:] = [
                section("Watchlist", self._form, self._table, note=note, actions=[edit], css_classes=["cqs-watchlist"])
            ]
            self._shown.visible = True
        if self._form.visible:
            self._form[0].update(self._sets, self._name, [one.market for one in self._rows])

    def _follow(self) -> None:
        """Be joined to the prices of these markets while they are seen."""
        live = tuple(one.market for one in self._rows if not one.unlive) if self._page.shown else ()
        key = (self._exchange(), live)
        if key == self._key and (self._feed is None or self._feed.running):
            return
        self._leave()
        self._key = key
        if live:
            self._feed = join_prices(key[0], live, self._page.settings.endpoint)

    def _leave(self) -> None:
        if self._feed is not None:
            self._feed.leave()
        self._feed = self._seen = None
        self._key = ("", ())

    def _tick(self) -> None:
        if self._feed is not None and self._feed.last is not self._seen:
            self._draw()

    def _draw(self) -> None:
        self._seen = self._feed.last if self._feed is not None else None
        text = watchlist_html(self._rows, self._seen, lambda series: self._page.link("data", series=series))
        if self._table.object != text:
            self._table.object = text

    def _toggle(self) -> None:
        if self._form.visible:
            fill(self._form)
            return
        form = WatchForm(self._page, self._own, self._change, self._choose)
        form.update(self._sets, self._name, [one.market for one in self._rows])
        fill(self._form, form)

    def _choose(self, name: str) -> None:
        if name != self._name:
            self._page.remember(watch=None if name == self._own else name)
            self._ask()

    def _change(self, add: str, remove: Sequence[str]) -> None:
        bucket, exchange, endpoint = self._page.bucket, self._page.settings.exchange, self._page.settings.endpoint

        def work() -> list[str] | CqsError:
            try:
                return changed(bucket, self._own, exchange, add, remove, _names(exchange, endpoint) if add else ())
            except CqsError as error:
                return error

        self._page.load(work, self._changed)

    def _changed(self, found: list[str] | CqsError) -> None:
        if isinstance(found, CqsError):
            self._page.say(str(found))
        self._ask()


class WatchForm(pn.viewable.Viewer):
    """Which set is watched, and the markets of one's own.

    Args:
        page: the overview.
        own: name of one's own set.
        change: called with a market to add, and markets to take out.
        choose: called with the name of the set to watch.
    """

    def __init__(
        self,
        page: PageState,
        own: str,
        change: Callable[[str, Sequence[str]], Any],
        choose: Callable[[str], Any],
    ) -> None:
        super().__init__()
        self._own, self._change, self._call = own, change, choose
        self._busy = False
        self._set = pmui.Select(label="List", options=[own], value=own, size="small", **FIELD)
        self._add = pmui.AutocompleteInput(
            label="Add a market", options=[], value="", restrict=False, min_characters=1, size="small", **FIELD
        )
        self._kept = pmui.MultiChoice(label="Markets", options=[], value=[], **FIELD)
        self._set.param.watch(lambda event: None if self._busy else self._call(event.new), "value")
        self._add.param.watch(self._added, "value")
        self._kept.param.watch(self._removed, "value")
        operator_only(self._add, self._kept)
        exchange, endpoint = page.settings.exchange, page.settings.endpoint
        page.load(lambda: _names(exchange, endpoint), self._offer, quiet=True)

    def __panel__(self) -> Any:
        said = [html(f'<span class="note">{_VIEWER}</span>')] if read_only() else []
        return stack(*said, beside(self._set, self._add, columns="1fr 2fr"), self._kept)

    def update(self, sets: Mapping[str, MarketSet], name: str, markets: Sequence[str]) -> None:
        """Show what is kept now."""
        self._busy = True
        self._set.param.update(options=list(dict.fromkeys([self._own, *sets])), value=name)
        mine = name == self._own
        self._add.visible, self._kept.visible = mine, mine and bool(markets)
        self._kept.param.update(options=list(markets), value=list(markets))
        self._busy = False

    def _offer(self, names: Sequence[str]) -> None:
        self._add.options = list(names)

    def _added(self, event: Any) -> None:
        name = str(event.new or "").strip()
        if name and not self._busy:
            self._change(name, ())
            self._add.value = ""

    def _removed(self, event: Any) -> None:
        gone = [one for one in event.old if one not in event.new]
        if gone and not self._busy:
            self._change("", gone)


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
    quote = one.market.partition("/")[2].partition(":")[0]
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
        f'<span class="figure" title="{escape(hint)}">{escape(amount(price, quote))}</span>'
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


def _names(exchange: str, endpoint: str | None) -> Sequence[str]:
    """The markets of the exchange; none where it does not answer: then a name can be typed all the same."""
    try:
        return [one.market for one in listed_markets(exchange, endpoint)]
    except CqsError:
        return []


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; made when the page rests."""
    place = stack()
    page.later(lambda: fill(place, Watchlist(page)))
    return place
