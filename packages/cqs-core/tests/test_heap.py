"""Memory of ended sessions goes back once, however many end together."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref

from cqs_core.jobs import heap

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


def timers():
    return [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_many_ends_are_one_return_and_it_can_come_again(monkeypatch):
    for timer in [*heap._waiting]:  # of sessions of tests before
        timer.join(30)
    monkeypatch.setattr(heap, "_SECONDS", 0.5)
    for _ in range(2):
        before = set(timers())
        for _ in range(20):
            heap.give_back_soon()
        asked = [*heap._waiting]
        assert len(set(timers()) - before) == len(asked) == 1
        asked[0].join(30)
        assert not heap._waiting


def test_what_a_round_leaves_in_cycles_is_freed_at_its_end(monkeypatch):
    monkeypatch.setattr(heap, "_collected", -heap._PAUSE)
    left = type("Client", (), {})()
    left.itself, gone = left, weakref.ref(left)
    gc.disable()
    try:
        del left
        assert gone() is not None
        heap.give_back()
    finally:
        gc.enable()
    assert gone() is None
