"""Memory of ended sessions goes back once, however many end together."""

from __future__ import annotations

import threading

from cqs_panel.shell import memory


def timers():
    return [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_many_ends_are_one_return_and_it_can_come_again(monkeypatch):
    monkeypatch.setattr(memory, "_SECONDS", 0.01)
    for _ in range(2):
        before = set(timers())
        for _ in range(20):
            memory.give_back_soon()
        asked = set(timers()) - before
        assert len(asked) <= 1
        for timer in asked:
            timer.join(30)
        assert not memory._waiting
