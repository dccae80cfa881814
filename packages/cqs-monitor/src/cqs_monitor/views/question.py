"""The form of the Compare page: whose log, which rule, which days. Kept in the URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import UsageError, plugins, settings
from cqs_core.time.clock import parse_range
from cqs_monitor.compare.comparison import Question
from cqs_monitor.compare.strategy_run import find_rule
from cqs_monitor.views.layout import WHOLE
from cqs_panel.figures import label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_panel import PageState

_PREFERRED = "volatility_breakout"
_FIELD = {"size": "small", "sizing_mode": "stretch_width", "margin": (4, 0)}


class QuestionForm(pn.viewable.Viewer):
    """Calls `ask(question)` when the user compares, and once when it is complete from the URL or by default."""

    def __init__(self, page: PageState, ask: Callable[[Question], None]) -> None:
        super().__init__()
        self._page, self._ask = page, ask
        names = sorted(plugins().strategies())
        wanted = page.query.get("strategy", _PREFERRED)
        strategy = wanted if wanted in names else (names[0] if names else None)
        self._account = pmui.Select(label="Account", options=[], **_FIELD)
        self._strategy = pmui.Select(label="Strategy", options=names, value=strategy, **_FIELD)
        self._dates = [
            pmui.TextInput(label=label, placeholder="2025-01-31", value=page.query.get(name, ""), **_FIELD)
            for name, label in (("start", "First day"), ("end", "Last day"))
        ]
        self._capital = pmui.TextInput(
            label="Capital, KRW", placeholder="from the first purchase", value=page.query.get("capital", ""), **_FIELD
        )
        self._parameters: dict[str, Any] = {}
        self._fields = pn.Column(**WHOLE)
        self._run = pmui.Button(label="Compare", color="primary", sizing_mode="stretch_width", margin=(8, 0, 0, 0))
        self._run.on_click(lambda _: self.submit())
        self._told = pn.Column(**WHOLE)
        self._strategy.param.watch(lambda _: self._offer_parameters(), "value")
        self._offer_parameters()

    def __panel__(self) -> Any:
        fields = [self._account, self._strategy, self._fields, *self._dates, self._capital]
        return pn.Column(*fields, self._run, self._told, **WHOLE)

    def offer(self, accounts: Sequence[str]) -> None:
        """The accounts that there are; the first time, the comparison starts by itself."""
        if list(accounts) == self._account.options:
            return
        first = not self._account.options
        wanted = self._account.value or self._page.query.get("account")
        self._account.param.update(options=list(accounts), value=wanted if wanted in accounts else accounts[0])
        if first and self._strategy.value:
            self.submit()

    def submit(self) -> None:
        """Ask what the form says, or say what is wrong with it."""
        from cqs_panel import failure

        try:
            question = self._question()
        except UsageError as error:
            self._told[:] = [failure("This cannot be compared", error)]
            return
        self._told.clear()
        changed = {
            name: widget.value
            for name, widget in self._parameters.items()
            if str(widget.value) != str(self._default(name))
        }
        start, end = (widget.value for widget in self._dates)
        about = {"account": question.account, "strategy": self._strategy.value, "start": start, "end": end}
        kept = {f"p.{name}": None for name in self._parameters} | {
            f"p.{name}": value for name, value in changed.items()
        }
        self._page.remember(**about, capital=self._capital.value, **kept)
        self._ask(question)

    def _question(self) -> Question:
        values = {name: widget.value for name, widget in self._parameters.items()}
        rule = find_rule(str(self._strategy.value), values, settings().exchange)
        start, end = parse_range(*(widget.value.strip() or None for widget in self._dates))
        return Question(str(self._account.value), rule, start, end, capital=_amount(self._capital.value))

    def _offer_parameters(self) -> None:
        if self._strategy.value is None:
            return
        known = plugins().strategy(self._strategy.value).parameters()
        self._parameters = {
            name: _widget(name, parameter, self._page.query.get(f"p.{name}")) for name, parameter in known.items()
        }
        self._fields[:] = list(self._parameters.values())

    def _default(self, name: str) -> Any:
        return plugins().strategy(self._strategy.value).parameters()[name].default


def _widget(name: str, parameter: param.Parameter[Any], given: str | None) -> Any:
    """A field for a parameter; text is read, and refused, by the strategy itself."""
    told = {"label": label(name), "description": parameter.doc, **_FIELD}
    if isinstance(parameter, param.Selector):
        options = [str(option) for option in parameter.objects]
        return pmui.Select(options=options, value=given if given in options else str(parameter.default), **told)
    if isinstance(parameter, param.Boolean):
        return pmui.Select(options=["True", "False"], value=given or str(parameter.default), **told)
    return pmui.TextInput(value=given or str(parameter.default), **told)


def _amount(text: str) -> float | None:
    cleaned = text.replace(",", "").replace("_", "").strip()
    if not cleaned:
        return None
    try:
        value = float(cleaned)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"capital is {text!r}; it must be a number above 0, or nothing")
    return value
