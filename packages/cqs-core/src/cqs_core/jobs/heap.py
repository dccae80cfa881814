"""Returns freed memory to the system: a process that runs for months would look as if it leaked.

The C library keeps what was freed, in a heap of its own for each thread. Work that fails and starts anew scatters what
stays over those heaps: an `update` whose exchange, bucket and disk failed by turns grew by 20 MB an hour without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading

_SECONDS = 5.0  # many ask at once, as sessions do that end with their browser; and the last objects go some time after
_lock = threading.Lock()
_waiting: list[threading.Timer] = []


def give_back() -> None:
    """Give back now; it takes milliseconds. Does nothing where the C library cannot (only glibc can)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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
    give_back()
