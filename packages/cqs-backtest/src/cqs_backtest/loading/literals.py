"""Values written down as Python text that gives them again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

_MOST_ITEMS = 1000
"""The code of a list, dictionary or array that is written as a constant."""
_LITERALS = (int, float, complex, str, bytes, bool, type(None))
_DATES = (dt.date, dt.timedelta, dt.timezone)  # a datetime is a date


def literal(value: Any) -> str | None:
    """The value as an expression that gives it again; None where there is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        small = value.size <= _MOST_ITEMS and value.dtype.kind in "biuf"
        return f"numpy.array({_elements(value.tolist())}, dtype={str(value.dtype)!r})" if small else None
    if isinstance(value, _DATES):
        return repr(value)
    plain = type(value) in (*_LITERALS, tuple, list, dict, set, frozenset)
    return _elements(value) if plain and _small(value) else None


def _elements(value: Any) -> str | None:
    if type(value) in _LITERALS:
        return _number(value)
    if isinstance(value, dict):
        pairs = [(literal(key), literal(item)) for key, item in value.items()]
        return None if any(None in pair for pair in pairs) else "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
    items = [literal(item) for item in value]
    if None in items:
        return None
    text = ", ".join(map(str, items))
    if isinstance(value, tuple):
        return f"({text}{',' if len(items) == 1 else ''})"
    if isinstance(value, list):
        return f"[{text}]"
    return f"{type(value).__name__}([{', '.join(sorted(map(str, items)))}])"


def _number(value: Any) -> str:
    """As `repr`, which has no form for infinity and NaN."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - NaN
        return f"float('{value}')"
    return repr(value)


def _small(value: Any) -> bool:
    return not hasattr(value, "__len__") or isinstance(value, str | bytes) or len(value) <= _MOST_ITEMS
