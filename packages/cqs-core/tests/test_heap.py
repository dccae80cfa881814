"""Memory of ended sessions goes back once, however many end together."""

from __future__ import annotations

import gc
import threading
import weakref

from cqs_core.jobs import heap


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
