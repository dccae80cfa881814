"""The markets of an exchange, to choose from: volume, what the lake has, and sets that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, plugins
from cqs_core.lake import delete_market_set, market_sets, save_market_set
from cqs_data.fetching.listed_markets import listed_markets
from cqs_panel import WIDE, bar, count, csv_button, failure, fill, operator_only, refresh, section, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core import Series
    from cqs_core.lake import MarketSet
    from cqs_data.fetching.listed_markets import ListedMarket
    from cqs_panel import PageState

_TITLES = {"market": "Market", "volume": "24-hour volume", "quote": "in", "have": "In the lake"}
_NO_SET = "–"
_SECONDS = 15.0  # until an exchange that did not answer is asked again


class MarketsPanel(pn.viewable.Viewer):
    """Lists the markets of one exchange when it is shown; that asks the exchange, once in ten minutes.

    Args:
        page: the Data page.
        exchange: whose markets are listed first.
        chosen: called with an exchange and the markets to fetch.
    """

    def __init__(self, page: PageState, exchange: str, chosen: Callable[[str, Sequence[str]], Any]) -> None:
        super().__init__()
        self._page, self._call = page, chosen
        self._known: Sequence[Series] = ()
        self._listed: Sequence[ListedMarket] = ()
        self._sets: Mapping[str, MarketSet] = {}
        self._wanted: Sequence[str] = ()  # by a set that is being opened
        known = sorted(plugins().exchanges())
        field = {"size": "small", "margin": 0}
        self._exchange = pmui.AutocompleteInput(
            label="Exchange", options=known, value=exchange, min_characters=0, width=200, **field
        )
        self._set = pmui.Select(label="Set", options=[_NO_SET], value=_NO_SET, width=200, **field)
        self._name = pmui.TextInput(label="Name of a set", width=200, **field)
        self._fetch = pmui.Button(label="Fetch selected", icon="download", color="primary", disabled=True, **field)
        self._save = pmui.Button(label="Save set", variant="outlined", disabled=True, **field)
        self._delete = pmui.Button(label="Delete set", variant="text", visible=False, **field)
        self._rows = pn.Column(**WIDE)
        self._table: Any = None
        self._failed = False
        operator_only(self._fetch, self._save, self._delete)
        page.every(_SECONDS, self._ask_again)
        self._exchange.param.watch(lambda _: self._ask(), "value")
        self._set.param.watch(lambda _: self._open_set(), "value")
        self._name.param.watch(lambda _: self._count(), "value_input")
        self._fetch.on_click(lambda _: self._call(self._exchange.value, self._selected()))
        self._save.on_click(lambda _: self._save_set())
        self._delete.on_click(lambda _: self._delete_set())

    def __panel__(self) -> Any:
        first = bar(self._exchange, self._set, self._delete)
        return section(
            "Markets",
            first,
            self._rows,
            bar(self._fetch, self._name, self._save),
            note="of the exchange, asked at most every ten minutes; choose several to fetch or to keep as a set",
            actions=[csv_button(self._file, "markets.csv", "Markets as CSV")],
        )

    def _file(self) -> pd.DataFrame:
        """The markets that pass the filters."""
        rows = _frame("", (), (), "") if self._table is None else self._table.current_view
        return rows[[*_TITLES]].set_axis([*_TITLES.values()], axis="columns")

    def show(self, known: Sequence[Series]) -> None:
        """List the markets, marked where the lake has them.

        Args:
            known: series of the lake.
        """
        self._known = known
        self._page.load(lambda: market_sets(self._page.bucket), self._have_sets, quiet=True)
        if self._listed:
            self._have(self._exchange.value, self._listed)
        else:
            self._ask()

    def _ask(self, *, quiet: bool = False) -> None:
        exchange, endpoint = self._exchange.value, self._page.settings.endpoint
        self._failed, self._listed = False, ()
        if exchange in plugins().exchanges():
            # A function of its own: what waits for one exchange does not keep another one waiting.
            self._page.load(lambda: _listed(exchange, endpoint), lambda found: self._have(exchange, found), quiet=quiet)

    def _ask_again(self) -> None:
        if self._failed:
            self._ask(quiet=True)

    def _have(self, exchange: str, found: Sequence[ListedMarket] | CqsError) -> None:
        if exchange != self._exchange.value:  # another one was chosen meanwhile
            return
        self._failed = isinstance(found, CqsError)
        if isinstance(found, CqsError):
            self._listed, self._table = (), None
            fill(self._rows, failure(f"The markets of {exchange} cannot be listed", found, self._ask))
            return
        self._listed = found
        frame = _frame(exchange, found, self._known, self._page.settings.quote)
        if self._table is not None and list(self._table.value["market"]) == list(frame["market"]):
            refresh(self._table, frame)
            return
        self._table = table(
            frame,
            titles=_TITLES,
            numbers={"volume": "0,0"},
            filters=("market", "have"),
            phone=("market", "volume", "have"),
            page_size=12,
            placeholder="The exchange lists no market that trades",
            selectable="checkbox",
            configuration={"columnDefaults": {"headerWordWrap": True}},  # others go by place, which the boxes shift
        )
        self._table.widths = {"volume": 132}  # a phone would cut the end of the number off
        self._table.param.watch(lambda _: self._count(), "selection")
        fill(self._rows, self._table)
        self._mark()

    def _mark(self) -> None:
        """Select the markets of a set that is being opened."""
        wanted, self._wanted = set(self._wanted), ()
        if wanted and self._table is not None:
            self._table.selection = [i for i, name in enumerate(self._table.value["market"]) if name in wanted]
        self._count()

    def _selected(self) -> list[str]:
        return [] if self._table is None else [str(self._table.value["market"].iloc[i]) for i in self._table.selection]

    def _count(self) -> None:
        chosen = len(self._selected())
        self._fetch.label = f"Fetch {count(chosen)} selected" if chosen else "Fetch selected"
        self._fetch.disabled = not chosen
        self._save.disabled = not chosen or not (self._name.value_input or "").strip()

    def _have_sets(self, found: Sequence[MarketSet]) -> None:
        self._sets = {one.name: one for one in found}
        self._set.options = [_NO_SET, *self._sets]
        self._delete.visible = self._set.value in self._sets

    def _open_set(self) -> None:
        one = self._sets.get(self._set.value)
        self._delete.visible = one is not None
        if one is None:
            return
        self._name.value = self._name.value_input = one.name
        self._wanted = one.markets
        if one.exchange == self._exchange.value:
            self._mark()
        else:
            self._exchange.value = one.exchange

    def _save_set(self) -> None:
        name, exchange, markets = self._name.value_input, self._exchange.value, self._selected()
        bucket = self._page.bucket
        self._page.load(lambda: save_market_set(bucket, name, exchange, markets), self._saved)

    def _saved(self, one: MarketSet) -> None:
        self._page.say(
            f"Set {one.name}: {count(len(one.markets))} markets are kept. Where symbols are typed, write @{one.name}."
        )
        self._have_sets([*(other for name, other in self._sets.items() if name != one.name), one])
        self._set.value = one.name

    def _delete_set(self) -> None:
        name, bucket = self._set.value, self._page.bucket
        self._page.load(lambda: delete_market_set(bucket, name), lambda _: self._deleted(name))

    def _deleted(self, name: str) -> None:
        self._set.value = _NO_SET
        self._have_sets([one for other, one in self._sets.items() if other != name])


def _listed(exchange: str, endpoint: str | None) -> Sequence[ListedMarket] | CqsError:
    try:
        return listed_markets(exchange, endpoint)
    except CqsError as error:
        return error


def _frame(exchange: str, listed: Sequence[ListedMarket], known: Sequence[Series], home: str) -> pd.DataFrame:
    """The markets, those of the home quote first, then by volume."""
    have: dict[str, list[str]] = {}
    for one in known:
        if one.exchange == exchange:
            have.setdefault(one.market, []).append(one.interval)
    ordered = sorted(listed, key=lambda one: (one.quote != home, one.quote, -(one.volume or 0.0), one.market))
    rows = [(one.market, one.volume, one.quote, ", ".join(have.get(one.market, ()))) for one in ordered]
    frame = pd.DataFrame(rows, columns=list(_TITLES))
    return frame.astype({"volume": "float64"})
