"""The form of a comparison: account, strategy, days. Changed values are kept in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core.time.clock import parse_range
from cqs_monitor.compare.comparison import ComparisonRequest
from cqs_monitor.compare.strategy_setup import find_setup
from cqs_panel import WIDE, StrategyForm, offered, optional_number, pair, period_menu, strategies_by_title

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from cqs_panel import PageState

_PREFERRED = "volatility_breakout"


class ComparisonForm(StrategyForm):
    """Inputs of one comparison; at least one strategy must be installed.

    Args:
        page: its address keeps the changed values.
        accounts: that have logs, at least one.
    """

    kept = ("account", "strategy", "start", "end", "capital")
    above_buttons = ("end",)

    account: Any = param.Selector(default="", objects=[""], doc="Whose log.")
    start = param.CalendarDate(None, allow_None=True, doc="Empty: the day of the first trade.")
    end = param.CalendarDate(None, allow_None=True, doc="Empty: until the last candle.")
    capital = param.Number(
        None,
        bounds=(0, None),
        inclusive_bounds=(False, True),
        allow_None=True,
        label="Capital (optional)",
        doc="Empty: estimated from the first purchase.",
    )

    def __init__(self, page: PageState, accounts: Sequence[str]) -> None:
        super().__init__(page)
        names = strategies_by_title()
        self.param.strategy.objects = names
        self.strategy = _PREFERRED if _PREFERRED in names.values() else next(iter(names.values()))
        self.choose_rules()
        self.keep()
        self.offer(accounts)
        self.account = accounts[0]  # named in the address: tomorrow another one may be the first
        if (wanted := page.query.get("account")) and wanted not in accounts:
            page.say(f"There is no account {wanted!r} here; {self.account} is shown.")
        self.follow()

    def __panel__(self) -> Any:
        own, wide = self.param, self.wide
        dates = (pmui.DatePicker.from_param(own.start, **wide), pmui.DatePicker.from_param(own.end, **wide))
        return pn.Column(
            pmui.Select.from_param(own.account, **wide),
            pmui.Select.from_param(own.strategy, **wide),
            self.fields(),
            pair(*dates),
            period_menu(self._take_days),
            optional_number(self, "capital", **wide),
            **WIDE,
        )

    def _take_days(self, span: tuple[dt.date | None, dt.date | None]) -> None:
        self.param.update(start=span[0], end=span[1])

    def offer(self, accounts: Sequence[str]) -> None:
        """The accounts that there are, at least one."""
        if list(self.param.account.objects) != list(accounts):
            self.param.account.objects = list(accounts)

    def request(self) -> ComparisonRequest:
        """The request as the form says now.

        Raises:
            UsageError: a field holds what the form does not offer, or the dates are the wrong way round.
        """
        offered(self, "account", "strategy")
        setup = find_setup(self.strategy, self.configured.values())
        start, end = parse_range(self.start, self.end)
        return ComparisonRequest(str(self.account), setup, start, end, capital=self.capital)
