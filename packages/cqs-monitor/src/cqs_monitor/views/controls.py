"""The choices of the Monitor page, kept in the URL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

from cqs_monitor.performance.report import Choice
from cqs_panel import ONE_LINE, bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_panel import PageState

_ALL = "All accounts"
_FEES = {"Gross": False, "Net (est.)": True}
_DAYS = {"Calendar days": False, "Trading days": True}
_FIELD = {"width": 220, "size": "small", "margin": (6, 0, 0, 0)}  # its label stands on its upper edge
_LISTED = 100  # accounts that a drop-down can hold


class Controls(param.Parameterized):
    """Account, fees and days; `choice` changes with them."""

    choice = param.ClassSelector(class_=Choice, default=Choice())

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._names: Sequence[str] = ()
        self._all = {_ALL: ""}
        self._account: Any = pmui.Select(label="Account", options=[_ALL], value=_ALL, **_FIELD)
        self._fees = _buttons(_FEES, net=page.query.get("net") == "1")
        self._days = _buttons(_DAYS, net=page.query.get("days") == "trading")
        self._bar = bar(self._account, self._fees, self._days)
        for widget in (self._account, self._fees, self._days):
            widget.param.watch(self._chosen, "value")
        page.param.watch(lambda _: self._follow(), "query")
        self._follow()

    def __panel__(self) -> Any:
        return self._bar

    def offer(self, snapshot: Snapshot) -> None:
        """The accounts that there are, and all of each currency: sums of two currencies mean nothing."""
        names, currencies = snapshot.accounts, list(snapshot.currencies)
        several = {f"All in {currency}": currency for currency in currencies} if len(currencies) > 1 else {}
        if names == self._names and several.keys() <= self._all.keys():
            return
        self._names, self._all = names, several or {_ALL: ""}
        if self.choice.account and self.choice.account not in names:  # the address names an account that does not exist
            self._page.say(f"There is no account {self.choice.account[:40]!r} here; all accounts are shown.")
            self.choice = replace(self.choice, account="")
            self._page.remember(account=None)
        wanted = self.choice.account if self.choice.account in names else self._whole(self.choice)
        if len(names) <= _LISTED:
            self._account.param.update(options=[*self._all, *names], value=wanted)
            return
        if not isinstance(self._account, pmui.AutocompleteInput):
            self._account = pmui.AutocompleteInput(
                label="Account", options=[], restrict=True, min_characters=1, **_FIELD
            )
            self._account.param.watch(self._chosen, "value")
            self._bar[0] = self._account
        self._account.param.update(options=[*self._all, *names], value=wanted)

    def _chosen(self, _event: Any) -> None:
        value = self._account.value or ""
        account = "" if value in (_ALL, *self._all) else value
        choice = Choice(account, _FEES[self._fees.value], _DAYS[self._days.value], self._all.get(value, ""))
        if choice != self.choice:
            self.choice = choice
            days = "trading" if choice.trading_days else None
            own = {"account": choice.account or None, "currency": choice.currency or None}
            self._page.remember(**own, net=1 if choice.net else None, days=days)

    def _whole(self, choice: Choice) -> str:
        """The label of all accounts of the chosen currency."""
        return next(
            (name for name, currency in self._all.items() if currency == choice.currency), next(iter(self._all))
        )

    def _follow(self) -> None:
        """Take over what the URL says."""
        query = self._page.query
        account, currency = query.get("account", ""), query.get("currency", "")
        choice = Choice(account, query.get("net") == "1", query.get("days") == "trading", currency)
        if choice == self.choice:
            return
        self.choice = choice
        self._fees.value = next(name for name, net in _FEES.items() if net == choice.net)
        self._days.value = next(name for name, trading in _DAYS.items() if trading == choice.trading_days)
        if choice.account in self._names or not choice.account:
            self._account.value = choice.account or self._whole(choice)


def _buttons(options: dict[str, bool], *, net: bool) -> Any:
    chosen = next(name for name, value in options.items() if value == net)
    return pmui.RadioButtonGroup(options=list(options), value=chosen, size="small", margin=0, sx=ONE_LINE)


def seconds_between(page: PageState) -> float:
    """Every 5 s, or as `?every=30` in the page's address says, from 1 s to an hour."""
    try:
        return min(max(float(page.query.get("every", 5)), 1.0), 3600.0)
    except ValueError:
        return 5.0
