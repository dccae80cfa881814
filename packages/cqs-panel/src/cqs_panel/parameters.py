"""Strategies and their parameters as fields of a form: one name and one kind of field for each, on every page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

from cqs_core import plugins
from cqs_panel.figures import label

if TYPE_CHECKING:
    from cqs_core import Strategy


def strategy_title(name: str) -> str:
    """A strategy's title, or its name if it has no title or is not installed."""
    known = plugins().strategies().get(name)
    return str(getattr(known, "title", "")).strip() or label(name)


def strategies_by_title() -> dict[str, str]:
    """Options of a selector: `{title: name}`, in the plugins' order; equal titles are distinguished by name."""
    names = list(plugins().strategies())
    titles = [strategy_title(name) for name in names]
    twins = Counter(titles)
    return {text if twins[text] == 1 else f"{text} ({name})": name for text, name in zip(titles, names, strict=True)}


def parameter_widgets(strategy: Strategy, **look: Any) -> list[Any]:
    """A field for each parameter of a strategy, in order; `look` are parameters of every widget."""
    return [_widget(strategy, name, parameter, look) for name, parameter in type(strategy).parameters().items()]


def _widget(strategy: Strategy, name: str, parameter: param.Parameter[Any], look: dict[str, Any]) -> Any:
    options = {**look, "label": label(name), "description": parameter.doc}
    own = strategy.param[name]
    if isinstance(parameter, param.Boolean):
        return pmui.Switch.from_param(own, **options)
    if isinstance(parameter, param.Number) and not parameter.allow_None:
        kind = pmui.IntSlider if isinstance(parameter, param.Integer) else pmui.FloatSlider
        return kind.from_param(own, **options)
    if isinstance(parameter, param.Number):
        return optional_number(strategy, name, **options)
    return (pmui.Select if isinstance(parameter, param.Selector) else pmui.TextInput).from_param(own, **options)


def optional_number(form: param.Parameterized, name: str, **look: Any) -> Any:
    """A field for a number that may be absent: number fields of the library show 0 where there is none.

    Args:
        form: whose parameter it is.
        name: of the parameter, a `param.Number` that allows None.
        look: parameters of the widget.
    """
    known = form.param[name]
    options = {"label": known.label, "description": known.doc, "placeholder": "optional", **look}
    field = pmui.TextInput(value=_text(getattr(form, name)), **options)

    def take(event: Any) -> None:
        text = event.new.replace(",", "").strip()
        try:
            setattr(form, name, float(text) if text else None)
        except ValueError:  # no number, or out of bounds: the field says again what holds
            field.value = _text(getattr(form, name))

    field.param.watch(take, "value")
    form.param.watch(lambda event: setattr(field, "value", _text(event.new)), name)
    return field


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:,.12g}"
