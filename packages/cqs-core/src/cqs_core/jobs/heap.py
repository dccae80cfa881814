"""Returns freed memory to the system: a process that runs for months would look as if it leaked.

Cycles of objects wait for Python's collector, which counts objects and not what they hold. The C library then keeps
what was freed, in a heap of its own for each thread. Without this an `update` whose exchange, bucket and disk failed by
turns grew by 20 MB in half an hour.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
import time

_SECONDS = 5.0  # many ask at once, as sessions do that end with their browser; and the last objects go some time after
_PAUSE = 60.0  # seconds between two collections, each of which takes 30 ms or more
_lock = threading.Lock()
_collected = 0.0
_waiting: list[threading.Timer] = []


def give_back() -> None:
    """Collect garbage and give back, at most once a minute: for the end of a round, since all else waits meanwhile."""
    global _collected  # noqa: PLW0603 - one heap a process
    if (moment := time.monotonic()) - _collected >= _PAUSE:
        _collected = moment
        gc.collect()
        _trim()


def give_back_soon() -> None:
    """Give back in some seconds, once however many ask; the caller does not wait."""
    with _lock:
        if not _waiting:
            timer = threading.Timer(_SECONDS, _give_back)
            timer.daemon = True
            _waiting.append(timer)
            timer.start()


def _give_back() -> None:
    with _lock:
        _waiting.clear()
    _trim()


def _trim() -> None:
    """It takes milliseconds; does nothing where the C library cannot (only glibc can)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
