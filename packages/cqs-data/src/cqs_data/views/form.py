"""The form of what to fetch: exchange, symbols, intervals, dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import INTERVALS, plugins, settings
from cqs_core.files import one_line
from cqs_data.exchanges.connection import check_endpoint
from cqs_panel import FIELD, WIDE, AddressForm, from_text, offered, period_menu

if TYPE_CHECKING:
    from cqs_panel import PageState

_KEPT = ("exchange", "symbols", "intervals", "start", "end", "top")
_TITLE = 60  # characters of the symbols in the title of a job


class FetchForm(pn.viewable.Viewer):
    """Inputs of one fetch."""

    exchange: Any = param.Selector(default="", objects=[""], doc="Where from; any exchange that ccxt knows.")
    symbols = param.String(default="BTC", doc="BTC,ETH or BTC/KRW; patterns such as */KRW.")
    intervals = param.ListSelector(default=["1d"], objects=list(INTERVALS), doc="Length of the candles.")
    start = param.CalendarDate(default=None, allow_None=True, doc="First day; empty for all that the exchange has.")
    end = param.CalendarDate(default=None, allow_None=True, doc="Last day; empty for all until now.")
    top = param.Integer(default=0, bounds=(0, 500), doc="So many markets of the largest 24-hour volume besides.")
    endpoint = param.String(default="", doc="Base URL instead of the real exchange, such as a sandbox's.")

    def __init__(self, page: PageState) -> None:
        known = settings()
        super().__init__(endpoint=known.endpoint or "")
        self.param.exchange.objects = sorted(plugins().exchanges())
        self.exchange = known.exchange if known.exchange in plugins().exchanges() else self.param.exchange.objects[0]
        self.start = dt.datetime.now(dt.UTC).date().replace(month=1, day=1)
        self._markets = pmui.Button(label="Choose markets", icon="list", variant="text", size="small", margin=0)
        self._markets.on_click(lambda _: page.remember(markets=None if page.query.get("markets") == "1" else "1"))
        self._address = AddressForm(page, self._values, self._take)
        self._address.follow()
        self.param.watch(lambda *_: self._address.write(), list(_KEPT))
        page.param.watch(lambda _: self._address.follow(), "query")

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _KEPT}

    def _take(self, name: str, text: str) -> None:
        setattr(self, name, from_text(self.param[name], text))

    def __panel__(self) -> Any:
        own, wide = self.param, FIELD
        return pn.Column(
            pmui.AutocompleteInput.from_param(own.exchange, options=own.exchange.objects, min_characters=0, **wide),
            pmui.TextInput.from_param(own.symbols, **wide),
            self._markets,
            pmui.MultiChoice.from_param(own.intervals, **wide),
            self._range(),
            pmui.TextInput.from_param(own.endpoint, label="Endpoint (optional)", **wide),
            **WIDE,
        )

    def _range(self) -> Any:
        own, part = self.param, {"margin": (6, 0), "width": 240}
        return pn.FlexBox(
            pmui.DatePicker.from_param(own.start, **part),
            pmui.DatePicker.from_param(own.end, label="End (optional)", **part),
            period_menu(lambda span: self.param.update(start=span[0], end=span[1])),
            pmui.IntInput.from_param(own.top, label="Top by volume (optional)", **part),
            gap="0 16px",
            margin=0,
            align_items="center",
        )

    def arguments(self) -> list[str]:
        """The arguments of `cqs` that fetch this.

        Raises:
            UsageError: a field holds what the form does not offer, or no base URL.
        """
        offered(self, "exchange", "intervals")
        check_endpoint(self.endpoint or None)
        made = ["fetch", "--exchange", self.exchange, "--symbols", self.symbols]
        made += ["--interval", ",".join(self.intervals)]
        made += ["--start", str(self.start)] if self.start else []
        made += ["--end", str(self.end)] if self.end else []
        made += ["--top", str(self.top)] if self.top else []
        return made + (["--endpoint", self.endpoint] if self.endpoint else [])

    @property
    def title(self) -> str:
        named = ", ".join(filter(None, [one_line(self.symbols, _TITLE), f"top {self.top}" if self.top else ""]))
        return f"Fetch {named} {', '.join(self.intervals)} from {self.exchange}"
