"""Fields of a form for the options of a run, made from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

from cqs_backtest.run_options import OPTIONS, kept_values
from cqs_panel import optional_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_backtest.run_options import Option

SHOWN = {option.field or name: name for name, option in OPTIONS.items() if option.label}
"""Options that pages offer, by their field."""


class OptionFields(param.Parameterized):
    """A parameter for each option in `SHOWN`."""


def option_widget(form: param.Parameterized, field: str, **look: Any) -> Any:
    """The widget of a field; `look` are parameters of the widget."""
    own, option = form.param[field], OPTIONS[SHOWN[field]]
    if option.kind is bool:
        return pmui.Checkbox.from_param(own, **look)
    if option.choices:
        return pmui.Select.from_param(own, **look)
    if option.bounds is None:
        return pmui.TextInput.from_param(own, **look)
    if own.allow_None:
        return optional_number(form, field, **look)
    return pmui.FloatInput.from_param(own, **({"format": option.format} if option.format else {}), **look)


def typed_values(form: param.Parameterized) -> dict[str, Any]:
    """The options as the command takes them, by name; what pages do not offer has its default."""
    values = {name: option.default for name, option in OPTIONS.items()}
    for field, name in SHOWN.items():
        value = getattr(form, field)
        values[name] = value / 100 if OPTIONS[name].percent and value is not None else value
    return values


def fields_of(made: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields for the manifest of a run or search."""
    kept = kept_values(made)
    return {field: as_percent(kept[name]) if OPTIONS[name].percent else kept[name] for field, name in SHOWN.items()}


def as_percent(fraction: float | None) -> float | None:
    """Without the digits that binary fractions add: 0.0007 is 0.07 %."""
    return None if fraction is None else float(f"{100 * fraction:.12g}")


def _parameter(option: Option) -> param.Parameter[Any]:
    value: Any = option.default if option.at_first is None else option.at_first
    value = as_percent(value) if option.percent else value
    about: dict[str, Any] = {"label": option.label, "doc": option.doc}
    if option.kind is bool:
        return param.Boolean(value, **about)
    if option.choices:
        return param.Selector(default=value, objects=dict(option.choices), **about)
    if option.bounds is None:
        return param.String(value or "", **about)
    about |= {"bounds": option.bounds, "inclusive_bounds": option.inclusive, "step": option.step}
    number: param.Parameter[Any] = param.Number(value, allow_None=value is None, **about)
    return number


for _field, _name in SHOWN.items():
    OptionFields.param.add_parameter(_field, _parameter(OPTIONS[_name]))
