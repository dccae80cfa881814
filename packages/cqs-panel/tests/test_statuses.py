"""What views tell the shell: read once for all windows, and a slow view holds up no window that has an answer."""

from __future__ import annotations

import threading

import pytest

from cqs_core import Bucket
from cqs_panel import Status, View
from cqs_panel.shell import statuses as module
from cqs_panel.shell.statuses import statuses


@pytest.fixture
def asked():
    return []


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


def test_all_windows_get_what_one_of_them_read(bucket, asked):
    def status(_):
        asked.append(1)
        return Status(figure=str(len(asked)))

    views = [View(slug="slow", title="Slow", icon="bolt", order=1, build=str, status=status)]
    assert [statuses(bucket, views)[0].status.figure for _ in range(2)] == ["1", "1"]
    assert asked == [1]


def test_a_window_does_not_wait_for_the_question_of_another(bucket, asked, monkeypatch):
    monkeypatch.setattr(module, "FRESH", -1.0)
    begun, answer = threading.Event(), threading.Event()

    def status(_):
        asked.append(1)
        if len(asked) > 1:
            begun.set()
            answer.wait()
        return Status(figure=str(len(asked)))

    views = [View(slug="slow", title="Slow", icon="bolt", order=1, build=str, status=status)]
    statuses(bucket, views)
    other = threading.Thread(target=statuses, args=(bucket, views))
    other.start()
    try:
        assert begun.wait(60)
        assert statuses(bucket, views)[0].status.figure == "1"
    finally:
        answer.set()
        other.join()
    monkeypatch.setattr(module, "FRESH", 60.0)
    assert statuses(bucket, views)[0].status.figure == "2"
