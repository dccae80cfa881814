"""Strategies and their parameters as flat data, for `cqs strategies` and for forms."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cqs_core import plugins
from cqs_core.isolation import foreign
from cqs_core.trading import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    import param

    from cqs_core import Strategy


def catalog(strategies: Iterable[type[Strategy]]) -> list[dict[str, Any]]:
    """One object a strategy: name, title, doc, parameters; one that cannot be described is a problem of its plugin."""
    return [row for strategy in strategies if (row := _described(strategy))]


def _described(strategy: type[Strategy]) -> dict[str, Any] | None:
    try:
        with foreign():
            return {
                "name": strategy.id,
                "title": strategy.title,
                "doc": inspect.cleandoc(_text(vars(strategy).get("__doc__"))),
                "parameters": [_parameter(name, p) for name, p in strategy.parameters().items()],
            }
    except Exception as error:  # noqa: BLE001 - a strategy may fail in any way; the others are listed
        plugins().report(plugins().owner("register_strategies", strategy.id), f"strategy {strategy.id}", error)
        return None


def _parameter(name: str, parameter: param.Parameter[Any]) -> dict[str, Any]:
    low, high = getattr(parameter, "bounds", None) or (None, None)
    return {
        "name": name,
        "type": type(parameter).__name__.lower(),
        "default": _plain(parameter.default),
        "min": _plain(low),
        "max": _plain(high),
        "step": _plain(getattr(parameter, "step", None)),
        "options": [_plain(one) for one in getattr(parameter, "objects", ())] or None,
        "doc": " ".join(_text(parameter.doc).split()),
        "takes": describe(parameter),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    """The value for JSON and display: anything but numbers and text is shown by its repr."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)
