"""What was read is kept for the next process; whatever happens to it costs a reading, and never a row."""

from __future__ import annotations

import json

import pytest
from logfiles import BUY, HEAD, SELL, buy, day

from cqs_monitor import Logs
from cqs_monitor.logs import history
from cqs_monitor.logs.index import Index
from cqs_monitor.logs.table import ROWS


@pytest.fixture
def opened(bucket, monkeypatch):
    """Keys of the files that are opened."""
    keys, whole = [], type(bucket).open
    monkeypatch.setattr(type(bucket), "open", lambda self, key: keys.append(key) or whole(self, key))
    return keys


def stored(own_cache, suffix):
    return sorted(own_cache.rglob(f"*.{suffix}"))


def test_a_group_is_found_again_as_it_was(tmp_path):
    index = Index(tmp_path, "gs://b")
    assert (index.load("a")[1], index.files("a", "x"), index.has("a")) == ({}, [], False)
    facts = {"signature": "s", "counts": [], "problems": [["f", 3, "torn"]]}
    assert index.store("a", ROWS.empty_table(), facts, [["key", "Main", 1, "stamp", None, 0, []]]).num_rows == 0
    table, found = Index(tmp_path, "gs://b").load("a")
    assert table.schema.equals(ROWS)
    assert {name: found[name] for name in facts} == facts
    assert index.files("a", found["mark"]) == [["key", "Main", 1, "stamp", None, 0, []]]
    assert Index(tmp_path, "gs://other").load("a")[1] == {}


def test_rows_that_do_not_fit_their_counts_are_not_taken(tmp_path):
    index = Index(tmp_path, "gs://b")
    index.store("a", ROWS.empty_table(), {"signature": "s", "counts": [["Main", 2]], "problems": []}, [])
    assert index.load("a")[1] == {}


def test_months_that_did_not_change_are_not_read_by_the_next_process(bucket, put, opened):
    put("logs/Main/trades_2025-09-20.csv", day(buy("2025-09-20T09:00:00", "BTC", 100.0, 1.0)))
    changing = put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    first = Logs(bucket).refresh()
    opened.clear()
    changing.write_bytes(HEAD + BUY + SELL)
    second = Logs(bucket).refresh()
    assert opened == ["logs/Main/trades_2025-10-20.csv"]
    assert (first.table.num_rows, second.table.num_rows) == (2, 3)


def test_a_kill_between_the_two_files_of_a_group_loses_no_row(bucket, put, own_cache):
    """Its facts are of another reading than its rows: then all of its files are read when one changes."""
    path = put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Main/trades_2025-10-22.csv", day(buy("2025-10-22T09:00:00", "BTC", 100.0, 1.0)))
    Logs(bucket).refresh()
    (facts,) = stored(own_cache / "logs", "json")
    value = json.loads(facts.read_text())
    facts.write_text(json.dumps({**value, "mark": "of another"}))
    assert Logs(bucket).refresh().table.num_rows == 2
    path.write_bytes(HEAD + BUY + SELL)
    assert Logs(bucket).refresh().table.num_rows == 3


def test_a_small_change_is_not_stored_at_once_and_a_large_one_is(bucket, put, own_cache, monkeypatch):
    path = put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    logs = Logs(bucket)
    logs.refresh()
    (rows,) = stored(own_cache / "logs", "arrow")
    before = rows.stat().st_mtime_ns, rows.stat().st_size
    path.write_bytes(HEAD + BUY + SELL)
    logs.refresh()
    assert (rows.stat().st_mtime_ns, rows.stat().st_size) == before
    monkeypatch.setattr(history, "WORTH", 1)
    path.write_bytes(HEAD + BUY + SELL + SELL.replace(b"00:00:01", b"00:00:02"))
    logs.refresh()
    assert rows.stat().st_mtime_ns != before[0]
    assert Logs(bucket).refresh().table.num_rows == 3


def test_two_buckets_of_one_user_never_mix(tmp_path, put, bucket):
    from cqs_core import Bucket

    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    other = Bucket(str(tmp_path / "other"))
    other.write("logs/Main/trades_2025-10-20.csv", HEAD + SELL)
    assert Logs(bucket).refresh().table["sell"].to_pylist() == [False]
    assert Logs(other).refresh().table["sell"].to_pylist() == [True]
