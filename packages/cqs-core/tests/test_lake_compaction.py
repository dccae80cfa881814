"""Compaction loses nothing, whoever does what at the same time."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_core.lake import compaction
from cqs_core.lake.series_table import candle_table, stamps
from cqs_core.time.intervals import DAY, HOUR

pytestmark = pytest.mark.once

BTC = Series("upbit", "BTC/KRW", "1h")


def put(lake, start, end, value=10.0, source="exchange", skip=()):
    ts = np.array([h for h in range(start, end) if h not in skip], np.int64) * HOUR
    values = np.column_stack([np.full(len(ts), v) for v in (value, value + 2, value - 1, value + 1, 1.0)])
    return lake.append(BTC, candle_table(ts, values), start * HOUR, end * HOUR, source=source)


def grow_old(lake):
    """All objects were written a minute ago."""
    for entry in lake.bucket.list():
        os.utime(lake.bucket.folder / entry.key, (time.time() - 60, time.time() - 60))


def rows(lake):
    table = lake.read(BTC, missing_ok=True)
    return list(zip(stamps(table).tolist(), table["open"].to_pylist(), strict=True))


@pytest.fixture
def lake(tmp_path):
    return Lake(Bucket(tmp_path))


def test_touching_objects_become_one_after_the_grace(lake):
    for i in range(5):
        put(lake, i * 3, i * 3 + 3, value=10.0 + i)
    before = rows(lake)
    done = lake.compact()
    assert (done.merged, done.written, done.deleted) == (5, 1, 0)
    assert rows(lake) == before
    assert lake.compact() == compaction.Compacted()  # the merged object is too young
    grow_old(lake)
    assert lake.compact().deleted == 5
    assert len(lake.objects(BTC)) == 1
    assert rows(lake) == before
    assert lake.verify()[0].problems == []


def test_the_newest_row_wins(lake):
    put(lake, 0, 6, value=10.0)
    put(lake, 2, 4, value=20.0)
    lake.compact()
    grow_old(lake)
    lake.compact()
    assert [value for _, value in rows(lake)] == [10.0, 10.0, 20.0, 20.0, 10.0, 10.0]


def test_what_was_never_asked_is_not_claimed(lake):
    put(lake, 0, 3)
    put(lake, 5, 8)
    assert lake.compact() == compaction.Compacted()
    assert lake.gaps()[0].cause == "never_fetched"


def test_sources_and_years_stay_apart(lake):
    put(lake, 0, 3)
    put(lake, 3, 6, source="import")
    year = 365 * 24
    put(lake, year - 2, year)
    put(lake, year, year + 2)
    assert lake.compact() == compaction.Compacted()


def test_fewer_than_the_threshold_are_left_alone(lake):
    for i in range(5):
        put(lake, i, i + 1)
    assert lake.compact(least=6) == compaction.Compacted()
    assert lake.compact(least=5).merged == 5


def test_a_late_writer_inside_the_merged_range_is_not_deleted(lake):
    """A slow fetcher's object has an older seq, and lies inside a range that was merged without it."""
    put(lake, 0, 3)
    late = put(lake, 3, 6, value=30.0)[0]
    data = lake.bucket.read(late.key)
    lake.bucket.delete([late.key])
    put(lake, 3, 6, skip=(4,))
    lake.compact()
    lake.bucket.write(late.key, data)
    grow_old(lake)
    lake.compact()
    assert (4 * HOUR, 30.0) in rows(lake)
    grow_old(lake)
    lake.compact()
    grow_old(lake)
    lake.compact()
    assert (4 * HOUR, 30.0) in rows(lake)
    assert len(lake.objects(BTC)) == 1


def test_two_compactors_write_the_same_object(lake):
    for i in range(4):
        put(lake, i, i + 1)
    objects = lake.objects(BTC)
    first = compaction.merge(lake.bucket, BTC, objects)
    second = compaction.merge(lake.bucket, BTC, objects)
    assert first.key == second.key


def test_a_vanished_input_ends_this_round_only(lake):
    for i in range(4):
        put(lake, i, i + 1)
    objects = lake.objects(BTC)
    lake.bucket.delete([objects[0].key])
    assert compaction.merge(lake.bucket, BTC, objects) is None


def test_answers_without_candles_are_kept(lake):
    put(lake, 0, 3)
    lake.append(BTC, candle_table(np.empty(0, np.int64), np.empty((0, 5))), 3 * HOUR, 5 * HOUR)
    put(lake, 5, 7)
    lake.compact()
    grow_old(lake)
    lake.compact()
    assert len(lake.objects(BTC)) == 1
    assert [gap.cause for gap in lake.gaps()] == ["no_trade"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8), st.sampled_from(["exchange", "import"])), max_size=8),
    st.integers(1, 4),
)
def test_compaction_never_changes_what_is_read(tmp_path_factory, parts, rounds):
    lake = Lake(Bucket(tmp_path_factory.mktemp("lake")))
    for i, (start, size, source) in enumerate(parts):
        put(lake, start, start + size, value=10.0 + i, source=source)
    before = rows(lake)
    for _ in range(rounds):
        lake.compact()
        assert rows(lake) == before
        grow_old(lake)
    assert len(lake.objects(BTC)) <= max(1, len(parts)) * 2


def test_days_are_never_cut(lake):
    series = Series("upbit", "BTC/KRW", "1d")
    ts = np.arange(4000, dtype=np.int64) * DAY
    values = np.tile([10.0, 12.0, 9.0, 11.0, 1.0], (4000, 1))
    assert len(lake.append(series, candle_table(ts, values), 0, 4000 * DAY)) == 1


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_rows_of_one_ingest_the_same_one_is_read_before_and_after(tmp_path, order, monkeypatch):
    lake = Lake(Bucket(tmp_path))
    monkeypatch.setattr("cqs_core.lake.writing.next_seq", lambda seen: 7)
    for value in order:
        put(lake, 0, 3, float(value))
    before = lake.read(BTC)
    assert before["open"].to_pylist() == [2.0] * 3
    assert lake.sql("select open from candles order by ts")["open"].to_pylist() == [2.0] * 3
    for _ in range(3):
        lake.compact(grace=-1)
        assert lake.read(BTC).equals(before)
    assert len(lake.objects(BTC)) == 1
