"""What to compare: whose log, which rule, which days. What is changed stands in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import Strategy, plugins, settings
from cqs_core.time.clock import parse_range
from cqs_monitor.compare.comparison import Question
from cqs_monitor.compare.strategy_run import find_rule
from cqs_panel import AddressForm, from_text, offered, optional_number, parameter_widgets, strategies_by_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel import PageState

_PREFERRED = "volatility_breakout"
_KEPT = ("account", "strategy", "start", "end", "capital")
_WIDE = {"sizing_mode": "stretch_width", "margin": (6, 0)}


class QuestionForm(pn.viewable.Viewer):
    """Inputs of one comparison; at least one strategy must be installed.

    Args:
        page: whose address keeps what is changed.
        accounts: that have logs, at least one.
    """

    account: Any = param.Selector(default="", objects=[""], doc="Whose log.")
    strategy: param.Selector[Any] = param.Selector(doc="The rule that it should have followed.")
    start = param.CalendarDate(None, allow_None=True, doc="Empty: the day of the first trade.")
    end = param.CalendarDate(None, allow_None=True, doc="Empty: until the last candle.")
    capital = param.Number(
        None,
        bounds=(0, None),
        inclusive_bounds=(False, True),
        allow_None=True,
        label="Capital, KRW (optional)",
        doc="Empty: estimated from the first purchase.",
    )
    rule: Any = param.ClassSelector(class_=Strategy, doc="The strategy with its parameters.")

    def __init__(self, page: PageState, accounts: Sequence[str]) -> None:
        self._address = AddressForm(page, dict, lambda _name, _text: None)
        self._address.pause()  # until there is a whole form
        super().__init__()
        names = strategies_by_title()
        self.param.strategy.objects = names
        self.strategy = _PREFERRED if _PREFERRED in names.values() else next(iter(names.values()))
        self._parameters = pn.Column(sizing_mode="stretch_width", margin=0)
        self.param.watch(self._take_rule, "strategy")
        self.param.watch(self._show_parameters, "rule")
        self._take_rule()
        self._address = AddressForm(page, self._values, self._take)
        self.offer(accounts)
        self.account = accounts[0]  # named in the address: tomorrow another one may be the first
        if (wanted := page.query.get("account")) and wanted not in accounts:
            page.say(f"There is no account {wanted!r} here; {self.account} is shown.")
        self._address.follow()
        self.param.watch(lambda *_: self._address.write(), list(_KEPT))
        page.param.watch(lambda _: self._address.follow(), "query")

    def __panel__(self) -> Any:
        own, wide = self.param, _WIDE
        dates = (pmui.DatePicker.from_param(own.start, **wide), pmui.DatePicker.from_param(own.end, **wide))
        return pn.Column(
            pmui.Select.from_param(own.account, **wide),
            pmui.Select.from_param(own.strategy, **wide),
            self._parameters,
            pn.Row(*dates, sizing_mode="stretch_width", margin=0, styles={"gap": "8px"}),
            optional_number(self, "capital", **wide),
            sizing_mode="stretch_width",
            margin=0,
        )

    def offer(self, accounts: Sequence[str]) -> None:
        """The accounts that there are, at least one."""
        if list(self.param.account.objects) != list(accounts):
            self.param.account.objects = list(accounts)

    def question(self) -> Question:
        """What the form says now.

        Raises:
            UsageError: a field holds what the form does not offer, or the dates are the wrong way round.
        """
        offered(self, "account", "strategy")
        rule = find_rule(self.strategy, self.rule.values(), settings().exchange)
        start, end = parse_range(self.start, self.end)
        return Question(str(self.account), rule, start, end, capital=self.capital)

    def _values(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in _KEPT}
        return own | {f"p.{name}": value for name, value in self.rule.values().items()}

    def _take(self, name: str, text: str) -> None:
        if name.startswith("p."):
            name = name.removeprefix("p.")
            setattr(self.rule, name, from_text(self.rule.param[name], text))
        else:
            setattr(self, name, from_text(self.param[name], text))

    def _take_rule(self, *_: Any) -> None:
        self.rule = plugins().strategy(self.strategy)()

    def _show_parameters(self, *_: Any) -> None:
        self._parameters[:] = parameter_widgets(self.rule, **_WIDE)
        if known := list(type(self.rule).parameters()):
            self.rule.param.watch(lambda *_: self._address.write(), known)
        self._address.write()
