"""A form for a strategy and its parameters; changed values are kept in the address of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param

from cqs_core import Strategy, plugins
from cqs_panel.address_form import AddressForm, from_text
from cqs_panel.figures import label
from cqs_panel.form_text import BUTTONS, field_text, form_text
from cqs_panel.layout import FIELD, WIDE
from cqs_panel.parameters import parameter_widgets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_panel.state import PageState


class StrategyForm(pn.viewable.Viewer):
    """Base of such forms. A subclass adds fields, fills them in `__init__`, and ends with `keep` and `follow`.

    The fields of the parameters are made by `fields`, which its `__panel__` calls: a form may be filled, or read as
    text, long before it is drawn.

    Args:
        page: its address keeps the changed values.
        given: values of the subclass's fields.
    """

    kept: ClassVar[tuple[str, ...]] = ()
    """Fields kept in the address, in addition to the strategy's parameters (`p.NAME`)."""
    above_buttons: ClassVar[tuple[str, ...]] = ()
    """Fields below which there is a row of buttons: the form as text leaves room for it."""
    wide: ClassVar[dict[str, Any]] = FIELD
    """How each widget of the form looks."""

    _is_drawn = False

    strategy: param.Selector[Any] = param.Selector(doc="The strategy.")
    configured: Any = param.ClassSelector(class_=Strategy, doc="The strategy with its parameters.")

    def __init__(self, page: PageState, **given: Any) -> None:
        self._page = page
        self._address = AddressForm(page, dict, lambda _name, _text: None)
        self._address.pause()  # until there is a whole form
        self._parameters = pn.Column(**WIDE)
        super().__init__(**given)

    def choose_rules(self) -> None:
        """Show the parameters of the strategy that is chosen, now and whenever another one is."""
        self.param.watch(self._take_rule, "strategy")
        self.param.watch(self._show_parameters, "configured")
        self._take_rule()

    def fields(self) -> Any:
        """A column of the strategy's parameters, made at the first call and again with each strategy."""
        if not self._is_drawn:
            self._is_drawn = True
            self._draw_parameters()
        return self._parameters

    def text(self) -> Any:
        """What the form says, to read until its fields are there: they take the browser half a second to draw."""
        return form_text(self._texts())

    def _texts(self) -> Iterator[str]:
        for name in self.kept:
            yield field_text(self.param[name], getattr(self, name))
            if name in self.above_buttons:
                yield BUTTONS
            if name == "strategy":
                for known in type(self.configured).parameters():
                    yield field_text(self.configured.param[known], getattr(self.configured, known), label(known))

    def keep(self) -> None:
        """The values now need no address; later ones do."""
        self._address = AddressForm(self._page, self._values, self._take)

    def follow(self) -> None:
        """Apply the address now and whenever it changes, and write changed values into it."""
        self._address.follow()
        self.param.watch(lambda *_: self._address.write(), list(self.kept))
        self._page.param.watch(lambda _: self._address.follow(), "query")

    def _values(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.kept}
        return own | {f"p.{name}": value for name, value in self.configured.values().items()}

    def _take(self, name: str, text: str) -> None:
        if name.startswith("p."):
            name = name.removeprefix("p.")
            setattr(self.configured, name, from_text(self.configured.param[name], text))
        else:
            setattr(self, name, from_text(self.param[name], text))

    def _take_rule(self, *_: Any) -> None:
        kind = plugins().strategy(self.strategy)
        if type(self.configured) is not kind:  # else it came with its parameters
            self.configured = kind()

    def _show_parameters(self, *_: Any) -> None:
        self._draw_parameters()
        if known := list(type(self.configured).parameters()):
            self.configured.param.watch(lambda *_: self._address.write(), known)
        self._address.write()

    def _draw_parameters(self) -> None:
        if self._is_drawn:
            self._parameters[:] = self.parameter_fields()

    def parameter_fields(self) -> list[Any]:
        """A field for each parameter, in order."""
        return parameter_widgets(self.configured, **self.wide)


def pair(*widgets: Any) -> Any:
    """Fields side by side, with the form's gap."""
    return pn.Row(*widgets, **WIDE, styles={"gap": "8px"})
