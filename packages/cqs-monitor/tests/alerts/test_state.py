"""The watcher's state and history in the bucket: written whole, read whatever is there."""

from __future__ import annotations

import json

import pytest

from cqs_monitor.alerts.rounds import MOST_TRIES, wait
from cqs_monitor.alerts.state import (
    HISTORY,
    STATE,
    SentAlert,
    WatcherState,
    history,
    line,
    record,
    remember,
    remembered,
)

NOVEMBER = 1_793_491_199_000  # 2026-10-31T23:59:59 UTC
ALERT = SentAlert("[critical] silent", "heartbeat is old", NOVEMBER - 1000, NOVEMBER, "silent", "", "critical")


def test_the_state_comes_back_as_it_was(bucket):
    told = SentAlert(**{**vars(ALERT), "channels": {"hook": "sent", "mail": "failed"}, "tries": 2, "again": 5})
    memory = WatcherState(7, {"silent\n": told}, {"silent\n": 6}, {"other\nMain": 3})
    remember(bucket, memory)
    assert remembered(bucket) == memory


def test_the_file_keeps_the_form_that_earlier_versions_wrote(bucket):
    remember(bucket, WatcherState(7, {"silent\n": ALERT}))
    assert set(json.loads(bucket.read(STATE))) == {"format", "written_by", "round", "told", "last", "seen"}


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"round": 1}', b'{"round": 1, "told": {"a": {}}, "last": {}}'])
def test_a_damaged_state_is_none(bucket, data):
    bucket.write(STATE, data)
    assert remembered(bucket) == WatcherState()


def test_the_history_is_by_month_and_read_newest_first(bucket):
    for at in (NOVEMBER, NOVEMBER + 500, NOVEMBER + 1000):
        record(bucket, "alert", ALERT, at)
    names = [entry.key for entry in bucket.list(HISTORY)]
    assert names == [f"{HISTORY}/2026-10.jsonl", f"{HISTORY}/2026-11.jsonl"]
    times = [row["at"] for row in history(bucket)]
    assert times == sorted(times, reverse=True)
    assert len(history(bucket, 2)) == 2


def test_lines_of_the_history_that_are_not_events_are_left_out(bucket):
    record(bucket, "alert", ALERT, NOVEMBER)
    key = f"{HISTORY}/2026-10.jsonl"
    bucket.write(key, b"torn {\n[1]\n{}\n" + bucket.read(key) + b'{"at": "x"}\n')
    assert [row["title"] for row in history(bucket)] == ["[critical] silent"]
    assert history(bucket)[0] == line("alert", ALERT, NOVEMBER)


def test_a_channel_that_fails_is_tried_for_about_two_hours():
    waits = [wait(tries) for tries in range(1, MOST_TRIES)]
    assert waits == sorted(waits)
    assert 3_600_000 < sum(waits) < 3 * 3_600_000
