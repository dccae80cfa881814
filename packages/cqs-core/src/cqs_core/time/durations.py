"""Durations as users type them: `30s`, `15m`, `2h`."""

from __future__ import annotations

import re

from cqs_core.errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 366 * 24 * 3600.0


def duration(text: str, option: str) -> float:
    """Seconds, more than 0.

    Args:
        text: a whole number and `s`, `m` or `h`.
        option: that it was given with, for the message.

    Raises:
        UsageError: it is not a duration, or is longer than a year.

    >>> duration("15m", "--every")
    900.0
    """
    parts = re.fullmatch(r"(\d{1,12})([smh])", text)
    seconds = int(parts[1]) * _UNITS[parts[2]] if parts else 0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{option} is {text!r}; write it as 30s, 15m or 1h, a year at most")
    return seconds
