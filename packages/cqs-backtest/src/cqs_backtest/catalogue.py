"""Strategies and their parameters as flat data, for `cqs strategies` and for forms."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cqs_core.strategy import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    import param

    from cqs_core import Strategy


def catalogue(strategies: Iterable[type[Strategy]]) -> list[dict[str, Any]]:
    """One object a strategy: name, title, doc, parameters."""
    return [
        {
            "name": strategy.id,
            "title": strategy.title,
            "doc": inspect.cleandoc(vars(strategy).get("__doc__") or ""),
            "parameters": [_parameter(name, p) for name, p in strategy.parameters().items()],
        }
        for strategy in strategies
    ]


def _parameter(name: str, parameter: param.Parameter[Any]) -> dict[str, Any]:
    low, high = getattr(parameter, "bounds", None) or (None, None)
    return {
        "name": name,
        "type": type(parameter).__name__.lower(),
        "default": parameter.default,
        "min": low,
        "max": high,
        "step": getattr(parameter, "step", None),
        "options": list(getattr(parameter, "objects", ())) or None,
        "doc": " ".join((parameter.doc or "").split()),
        "takes": describe(parameter),
    }
