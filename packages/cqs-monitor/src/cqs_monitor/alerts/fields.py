"""Types of the fields of rules: how people write them, what they mean, and how values are shown.

Each is a pydantic type whose unit is in the field's JSON schema (`unit`), so that a form can be made of the fields.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

Unit = Literal["duration", "money", "percent", "count", "names"]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def read_duration(value: Any) -> float:
    """Seconds.

    >>> read_duration("7m"), read_duration("1.5 h")
    (420.0, 5400.0)
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'is {value!r}; write "7m", "12h" or "3d"')
    return float(match[1]) * _SECONDS[match[2]]


def _read_money(value: Any) -> float:
    return _number(value, "an amount in the account's currency, such as 300000")


def _read_percent(value: Any) -> float:
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        return float(match[1])
    return _number(value, 'a percentage, such as 5 or "5 %"')


def _read_count(value: Any) -> float:
    return _number(value, "a number")


def read_names(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f'is {value!r}; write a text, or a list such as ["A", "B"]')
    return tuple(names)


def _read_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"is {value!r}; write a text")
    return value.strip()


def _read_days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3660:
        raise ValueError(f"is {value!r}; write a number of days")
    return value


def _number(value: Any, form: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        raise ValueError(f"is {value!r}; write {form}")
    return float(value)


def _unit(unit: Unit) -> Any:
    return Field(json_schema_extra={"unit": unit})


Duration = Annotated[float, BeforeValidator(read_duration), Field(ge=0), _unit("duration")]
"""Seconds, written as `7m`."""

Money = Annotated[float, BeforeValidator(_read_money), Field(ge=0, lt=1e18), _unit("money")]
"""In the currency of the account."""

Percent = Annotated[float, BeforeValidator(_read_percent), Field(ge=0, lt=1e18), _unit("percent")]
Count = Annotated[float, BeforeValidator(_read_count), Field(ge=0, lt=1e18), _unit("count")]
Names = Annotated[tuple[str, ...], BeforeValidator(read_names), _unit("names")]
"""One text or several."""

Text = Annotated[str, BeforeValidator(_read_text)]
Days = Annotated[int, BeforeValidator(_read_days), Field(ge=1, le=3660)]


def shown(value: Any, unit: str, currency: str = "") -> str:
    """A value or threshold in words.

    >>> shown(420.0, "duration"), shown(133366.67, "money", "EUR"), shown(None, "count")
    ('7 min', '133,367 EUR', 'unknown')
    """
    if value is None:
        return "unknown"
    if unit == "names":
        return value if isinstance(value, str) else " or ".join(value)
    if unit == "duration":
        return _duration(float(value))
    if unit == "percent":
        return f"{value:.3g} %"
    return f"{value:,.0f} {currency if unit == 'money' else ''}".strip()


def _duration(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.0f} s"
