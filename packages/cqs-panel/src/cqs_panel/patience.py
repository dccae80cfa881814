"""Ends what does not come back: a view, card or update that hangs must not stop the other pages and windows.

The server has one loop. What a view does on it is interrupted by a signal, which also ends a sleep, a read and a wait
for a lock. Windows has no such signal, and another thread than the main one gets none: there nothing is interrupted.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cqs_core.isolation import TimedOut, answered, foreign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

SECONDS = 10.0
_AGAIN = 0.5  # seconds until the next signal, for code that catches all


class _Interrupted(BaseException):
    """Not an Exception: code that catches those would go on."""


@contextmanager
def patient() -> Iterator[None]:
    """Run foreign code on the server's loop.

    Raises:
        TimedOut: it did not come back within 10 s.
        Escaped: it raised something that is not an Exception.
    """
    with foreign(), _alarm():
        yield


async def awaited(pending: Awaitable[Any]) -> None:
    """Await foreign code; each of its steps runs as in `patient`, and all of them together have as long.

    Raises:
        TimedOut: it is not done.
        Escaped: as above.
    """
    try:
        async with asyncio.timeout(SECONDS):
            await answered(pending, patient)
    except TimeoutError:
        raise _timed_out() from None


def _timed_out() -> TimedOut:
    return TimedOut(f"did not come back within {SECONDS:g} s")


@contextmanager
def _alarm() -> Iterator[None]:
    if not _possible():
        yield
        return
    before = signal.signal(signal.SIGALRM, _interrupt)
    left, _ = signal.setitimer(signal.ITIMER_REAL, SECONDS, _AGAIN)  # of the block around it: a page around a card
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)
            signal.signal(signal.SIGALRM, before)
    except _Interrupted:
        raise _timed_out() from None


def _possible() -> bool:
    """Whether there is such a signal, and nothing else waits for it."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getitimer(signal.ITIMER_REAL)[0] == 0 or signal.getsignal(signal.SIGALRM) is _interrupt


def _interrupt(_number: int, _frame: Any) -> None:
    raise _Interrupted
