"""Memory of ended sessions goes back once, however many end together."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref

from cqs_core.jobs import heap
from cqs_core.testing.waiting import until

SAVING = """
import os, sys
from cqs_core.jobs import save_memory

save_memory()
import pyarrow.fs

assert pyarrow.default_memory_pool().backend_name == "system"
assert "ARROW_DEFAULT_MEMORY_POOL" not in os.environ, "jobs would inherit it"
assert not hasattr(pyarrow.fs, "__wrapped__") and "pyarrow._s3fs" not in sys.modules
from pyarrow.fs import S3FileSystem

assert S3FileSystem.__name__ == "S3FileSystem" and "pandas" not in sys.modules
"""


def test_a_service_has_arrows_buffers_in_its_heap_and_its_clients_of_clouds_only_where_one_is_asked_for():
    ran = subprocess.run([sys.executable, "-c", SAVING], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr


def no_timer_of_tests_before():
    with heap._lock:
        for timer in heap._waiting:
            timer.cancel()
        heap._waiting.clear()


def timers():
    return [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_many_ends_are_one_return_and_it_can_come_again(monkeypatch):
    no_timer_of_tests_before()
    monkeypatch.setattr(heap, "_SECONDS", 0.5)
    monkeypatch.setattr(heap, "_PAUSE", 0.0)
    for _ in range(2):
        before = set(timers())
        for _ in range(20):
            heap.give_back_soon()
        asked = [*heap._waiting]
        assert len(set(timers()) - before) == len(asked) == 1
        asked[0].join(30)
        assert not heap._waiting


def test_what_a_session_leaves_in_cycles_is_freed_once_the_pause_is_over(monkeypatch):
    no_timer_of_tests_before()
    monkeypatch.setattr(heap, "_SECONDS", 0.01)
    monkeypatch.setattr(heap, "_PAUSE", 0.5)
    monkeypatch.setattr(heap, "_collected", time.monotonic())
    left = type("Page", (), {})()
    left.itself, gone = left, weakref.ref(left)
    gc.disable()
    try:
        del left
        heap.give_back_soon()
        until(lambda: gone() is None)
    finally:
        gc.enable()
    until(lambda: not heap._waiting)


def test_what_a_round_leaves_in_cycles_is_freed_at_its_end(monkeypatch):
    no_timer_of_tests_before()
    left = type("Client", (), {})()
    left.itself, gone = left, weakref.ref(left)

    def freed():
        monkeypatch.setattr(heap, "_collected", -heap._PAUSE)
        heap.give_back()
        return gone() is None

    gc.disable()
    try:
        del left
        assert gone() is not None
        until(freed)  # where another thread is collecting yet, Python does not collect in this one
    finally:
        gc.enable()
