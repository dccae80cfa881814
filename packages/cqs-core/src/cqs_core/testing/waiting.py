"""Wait for a condition, never for a time: how long something takes says more about the machine than about the code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 60.0, pause: float = 0.02) -> T:
    """Call a function again and again until what it returns is true, and return that.

    Args:
        condition: asked at least once.
        seconds: after which only a broken program is not there yet.
        pause: between two calls, in seconds.

    Raises:
        AssertionError: it is not true in time.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s; the last answer was {found!r}"
        time.sleep(pause)
    return found
