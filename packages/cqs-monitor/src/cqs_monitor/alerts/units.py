"""Thresholds as people write them, and values as they read them."""

from __future__ import annotations

import re
from typing import Any, Literal

Unit = Literal["duration", "KRW", "percent", "count", "names"]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_FORMS = {
    "duration": '"7m", "12h" or "3d"',
    "KRW": "an amount in KRW, such as 300000",
    "percent": 'a percentage, such as 5 or "5 %"',
    "count": "a number",
}


def read_threshold(value: Any, unit: Unit) -> float:
    """Seconds, KRW, percent or a count.

    Raises:
        ValueError: not of this unit; the message says how it is written.
    """
    if unit == "duration":
        return read_duration(value)
    if unit == "percent" and isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        return float(match[1])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        raise ValueError(f"is {value!r}; write {_FORMS[unit]}")
    return float(value)


def read_duration(value: Any) -> float:
    """Seconds.

    >>> read_duration("7m"), read_duration("1.5 h")
    (420.0, 5400.0)
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"is {value!r}; write {_FORMS['duration']}")
    return float(match[1]) * _SECONDS[match[2]]


def shown(value: Any, unit: Unit) -> str:
    """A value or threshold in words.

    >>> shown(420.0, "duration"), shown(133366.67, "KRW"), shown(None, "count")
    ('7 min', '133,367 KRW', 'unknown')
    """
    if value is None:
        return "unknown"
    if unit == "names":
        return value if isinstance(value, str) else " or ".join(value)
    if unit == "duration":
        return _duration(float(value))
    if unit == "percent":
        return f"{value:.3g} %"
    return f"{value:,.0f}{' KRW' if unit == 'KRW' else ''}"


def _duration(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.0f} s"
