"""The overview's watchlist: markets that a person chose, at their live prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError
from cqs_data.feeds import join_prices
from cqs_data.views.watch_form import WatchForm
from cqs_data.views.watched import changed, lists, market_names, own_list, watched
from cqs_data.views.watchlist_cells import CSS, watchlist_html
from cqs_panel import WIDE, fill, html, section, stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core.lake import MarketSet
    from cqs_data.feeds import LastPrices, PriceFeed
    from cqs_data.views.watched import WatchedMarket
    from cqs_panel import PageState

_STORED = 60.0  # seconds between two looks at what is stored
_LIVE = 1.0  # seconds between two looks at live prices


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
            known = market_names(exchange, endpoint) if add else ()
            try:
                return changed(bucket, self._own, exchange, add, remove, known)
            except CqsError as error:
                return error

        self._page.load(work, self._changed)

    def _changed(self, found: list[str] | CqsError) -> None:
        if isinstance(found, CqsError):
            self._page.say(str(found))
        self._ask()


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; made when the page rests."""
    place = stack()
    page.later(lambda: fill(place, Watchlist(page)))
    return place
