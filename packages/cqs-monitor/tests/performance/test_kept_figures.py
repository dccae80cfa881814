"""What is computed of a snapshot is computed once; what is lasting serves the snapshots that follow."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqs_core import Bucket
from cqs_monitor.alerts.context import Context
from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.performance.reader import Figures


def test_a_figure_is_made_once_a_snapshot():
    made = []
    figures = Figures()
    assert [figures.once("x", lambda: made.append(1) or len(made)) for _ in range(2)] == [1, 1]
    assert figures.followed_by(Snapshot()).once("x", lambda: "new") == "new"


def test_a_comparison_serves_ten_minutes_though_files_change(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(Context, "_compare", lambda *_: made.append(1) or f"comparison {len(made)}")
    figures = Figures()

    def compared(minute):
        nonlocal figures
        figures = figures.followed_by(Snapshot())  # a heartbeat was written
        return Context(Bucket(tmp_path), figures, minute * 60_000).compared("Main", "momentum", 30)

    assert [compared(minute) for minute in (0, 1, 9)] == ["comparison 1"] * 3
    assert compared(10) == "comparison 2"


def test_threads_that_ask_while_it_is_made_wait_for_it():
    figures, began, go_on, made = Figures(), threading.Event(), threading.Event(), []

    def make():
        began.set()
        assert go_on.wait(60)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(figures.once, "x", make, lasting=1)
        assert began.wait(60)
        second = threads.submit(figures.followed_by(Snapshot()).once, "y", lambda: "another", lasting=1)
        assert second.result(60) == "another"  # nothing else waits
        third = threads.submit(figures.once, "x", make, lasting=1)
        go_on.set()
        assert (first.result(60), third.result(60)) == (1, 1)


def test_what_raises_is_not_kept():
    figures = Figures()
    with pytest.raises(ZeroDivisionError):
        figures.once("x", lambda: 1 / 0)
    assert figures.once("x", lambda: 1) == 1


def test_what_lasts_is_made_again_in_its_place_when_what_it_is_made_of_changes():
    figures = Figures()
    assert figures.once("x", lambda: "old", lasting=1) == "old"
    later = figures.followed_by(Snapshot())
    assert later.once("x", lambda: "new", lasting=1) == "old"
    assert later.once("x", lambda: "new", lasting=2) == "new"
    assert len(later._lasting) == 1
