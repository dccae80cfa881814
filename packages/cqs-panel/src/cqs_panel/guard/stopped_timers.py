"""Lets a timer of Bokeh's forget what it calls when it is stopped.

Bokeh sleeps to the end of the timer's period, up to a minute, and the sleep knows the timer, its callback and all of
the session's document. A client that fetches a page each second then keeps four times as many documents in memory.
"""

from __future__ import annotations

from typing import Any

from bokeh.util import tornado


def install() -> None:
    """Change the timers of all sessions."""
    stop = tornado._AsyncPeriodic.stop  # noqa: SLF001 - Bokeh has no public way in

    def stop_and_forget(self: Any) -> None:
        stop(self)
        self._func = _nothing

    tornado._AsyncPeriodic.stop = stop_and_forget  # noqa: SLF001 - as above


def _nothing() -> None:
    """What a timer calls that was stopped."""
