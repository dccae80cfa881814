"""Keeps the memory of services small, and returns what is freed: else one that runs for months seems to leak.

Cycles of objects wait for Python's collector, which counts objects and not what they hold. The C library then keeps
what was freed, in a heap of its own for each thread. Without this an `update` whose exchange, bucket and disk failed by
turns grew by 20 MB in half an hour.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sys
import threading
import time
from typing import Any

from cqs_core.isolation import absent

_SECONDS = 5.0  # many ask at once, as sessions do that end with their browser; and the last objects go some time after
_PAUSE = 60.0  # seconds between two collections, each of which takes 30 ms or more
_POOL = "ARROW_DEFAULT_MEMORY_POOL"
_ARENA_MAX, _ARENAS = -8, 2  # M_ARENA_MAX of glibc's malloc.h, and how many heaps threads share
_CLOUDS = ("pyarrow._s3fs", "pyarrow._gcsfs", "pyarrow._azurefs", "pyarrow._hdfs")
_lock = threading.Lock()
_collected = 0.0
_waiting: list[threading.Timer] = []


def save_memory() -> None:
    """For a service, before it starts threads: few heaps, Arrow's buffers in them, none of Arrow's clients of clouds.

    Each thread that allocates would get a heap of its own otherwise, and Arrow would set aside a part of another
    allocator for each of them.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
    if "pyarrow" not in sys.modules:
        _choose_allocator()
        _without_clouds()


def _choose_allocator() -> None:
    """Arrow looks at the environment when it is first used; jobs of the service choose by themselves."""
    if _POOL in os.environ:
        return
    os.environ[_POOL] = "system"
    try:
        import pyarrow as pa

        pa.default_memory_pool()
    finally:
        del os.environ[_POOL]


def _without_clouds() -> None:
    """Arrow's own clients of S3, Azure and Google: the bucket uses none. They are imported once something asks."""
    with contextlib.ExitStack() as hidden:
        for name in _CLOUDS:
            hidden.enter_context(absent(name))
        import pyarrow.fs
    plain = pyarrow.fs.__getattr__

    def client(name: str) -> Any:
        for module in () if name.startswith("_") else _CLOUDS:
            with contextlib.suppress(ImportError):  # not in this build of Arrow
                if hasattr(found := importlib.import_module(module), name):
                    return getattr(found, name)
        return plain(name)

    setattr(pyarrow.fs, "__getattr__", client)  # noqa: B010 - as a plain assignment it is a method to mypy


def give_back() -> None:
    """Collect garbage and give back, at most once a minute: for the end of a round, since all else waits meanwhile."""
    global _collected  # noqa: PLW0603 - one heap a process
    if (moment := time.monotonic()) - _collected >= _PAUSE:
        _collected = moment
        gc.collect()
        _trim()


def give_back_soon() -> None:
    """Give back in some seconds, once however many ask, and collect garbage as often as `give_back` does."""
    with _lock:
        if not _waiting:
            _start(_SECONDS)


def _start(seconds: float) -> None:
    timer = threading.Timer(seconds, _give_back)
    timer.daemon = True
    _waiting.append(timer)
    timer.start()


def _give_back() -> None:
    with _lock:
        _waiting.clear()
        if (left := _collected + _PAUSE - time.monotonic()) > 0:
            _start(left)
    if left > 0:
        _trim()
    else:
        give_back()


def _trim() -> None:
    """It takes milliseconds; does nothing where the C library cannot (only glibc can)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
