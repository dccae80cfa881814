"""The form of the watchlist: which saved set is watched, and the markets of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_data.views.watched import market_names
from cqs_panel import FIELD, beside, html, operator_only, read_only, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core.lake import MarketSet
    from cqs_panel import PageState

_VIEWER = "You may look: an operator adds markets. You can watch any saved set."


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
        page.load(lambda: market_names(exchange, endpoint), self._offer, quiet=True)

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
