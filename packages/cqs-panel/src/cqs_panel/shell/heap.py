"""Returns memory of ended sessions from the C library's heap to the system.

Threads have their own heaps, and the C library keeps freed memory there: a server that showed many windows looks
as if it leaked.
"""

from __future__ import annotations

import ctypes
import threading

_SECONDS = 5.0  # sessions end together, when a browser is closed; and the last objects go some time after
_lock = threading.Lock()
_waiting: list[threading.Timer] = []


def give_back_soon() -> None:
    """Give back in a while, once however many ask; the caller does not wait."""
    with _lock:
        if not _waiting:
            timer = threading.Timer(_SECONDS, _give_back)
            timer.daemon = True
            _waiting.append(timer)
            timer.start()


def _give_back() -> None:
    with _lock:
        _waiting.clear()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)
