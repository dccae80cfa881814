"""A damaged lake says so; a content hash knows nothing of objects."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.lake.series_table import candle_table
from cqs_core.lake.verify import content_hash
from cqs_core.time import clock
from cqs_core.time.intervals import HOUR, MINUTE

BTC = Series("upbit", "BTC/KRW", "1h")


def table(start, end, value=10.0):
    ts = np.arange(start, end, dtype=np.int64) * HOUR
    return candle_table(
        ts, np.column_stack([np.full(len(ts), v) for v in (value, value + 2, value - 1, value + 1, 1.0)])
    )


@pytest.fixture
def lake(tmp_path):
    lake = Lake(Bucket(tmp_path))
    lake.append(BTC, table(0, 10), 0, 10 * HOUR)
    return lake


def only(lake):
    [found] = lake.verify()
    return found


def path_of(lake):
    return lake.bucket.folder / lake.objects(BTC)[0].key


def test_a_sound_series_has_no_problems(lake):
    found = only(lake)
    assert (found.series, found.rows, found.problems) == (BTC, 10, [])
    assert len(found.sha256) == 64


def test_the_hash_is_of_the_values_whatever_the_objects(lake, tmp_path_factory):
    other = Lake(Bucket(tmp_path_factory.mktemp("other")))
    for start in range(0, 10, 2):
        other.append(BTC, table(start, start + 2), start * HOUR, (start + 2) * HOUR, source="endpoint")
    other.append(BTC, table(3, 5), 3 * HOUR, 5 * HOUR)
    assert only(other).sha256 == only(lake).sha256
    other.append(BTC, table(9, 10, value=10.000000000000002), 9 * HOUR, 10 * HOUR)
    assert only(other).sha256 != only(lake).sha256


def test_the_hash_can_be_computed_by_anybody(lake):
    frame = lake.frame(BTC)
    total = hashlib.sha256(frame.index.as_unit("ms").asi8.astype("<i8").tobytes())
    for name in ("open", "high", "low", "close", "volume"):
        total.update(frame[name].to_numpy("<f8").tobytes())
    assert only(lake).sha256 == total.hexdigest()


@pytest.mark.parametrize("damage", [lambda d: d[:-7], lambda d: b"", lambda d: d[:50] + bytes([d[50] ^ 1]) + d[51:]])
def test_changed_bytes_are_damage(lake, damage):
    path = path_of(lake)
    path.write_bytes(damage(path.read_bytes()))
    found = only(lake)
    assert found.sha256 is None
    assert "is damaged" in found.problems[0]


def test_a_wrong_schema_is_found(lake):
    from cqs_core.bucket.cache import digest

    path, sink = path_of(lake), pa.BufferOutputStream()
    pq.write_table(pq.read_table(path).drop_columns(["seq"]), sink)
    data = sink.getvalue().to_pybytes()
    path.unlink()
    path.with_name(path.name.rpartition("_")[0] + f"_{digest(data)}.parquet").write_bytes(data)
    assert "wrong schema" in only(lake).problems[0]


def test_a_name_that_lies_is_found(lake):
    path = path_of(lake)
    path.rename(path.with_name(path.name.replace("_10_", "_11_")))
    assert "does not hold the rows" in only(lake).problems[0]


def test_overlaps_that_disagree_are_found_and_those_that_agree_are_not(lake):
    lake.append(BTC, table(5, 12), 5 * HOUR, 12 * HOUR)
    assert only(lake).problems == []
    lake.append(BTC, table(2, 4, value=11.0), 2 * HOUR, 4 * HOUR)
    [problem] = only(lake).problems
    assert problem.startswith("2 candles differ between overlapping objects, the first at 1970-01-01T02:00")


def test_a_candle_stored_right_after_its_end_may_have_been_mended(lake):
    now = clock.now() // HOUR * HOUR
    for value, back in ((10.0, 1), (11.0, 1)):
        lake.append(BTC, table(now // HOUR - back, now // HOUR, value), now - back * HOUR, now)
    assert (only(lake).problems == []) == (clock.now() - now < 10 * MINUTE)
    lake.append(BTC, table(now // HOUR - 9, now // HOUR - 8), now - 9 * HOUR, now - 8 * HOUR)
    lake.append(BTC, table(now // HOUR - 9, now // HOUR - 8, 11.0), now - 9 * HOUR, now - 8 * HOUR)
    assert "differ between overlapping objects" in only(lake).problems[-1]


def test_a_problem_names_the_object_and_the_remedy(lake):
    path = path_of(lake)
    path.write_bytes(b"")
    [problem] = only(lake).problems
    assert str(path.relative_to(lake.bucket.folder)) in problem
    assert problem.endswith("`cqs data repair` fetches it again")


def test_a_file_that_nobody_reads_is_told(lake):
    path = path_of(lake)
    path.rename(path.with_name("renamed.parquet"))
    [found] = lake.verify()
    assert (found.series, found.rows) == (BTC, 0)
    assert "renamed.parquet: is not an object of the lake" in found.problems[0]
    assert f"{path.name}: is missing: it was stored, and is gone" in found.problems[1]
    (path.parent / "README.txt").write_text("mine")
    assert len(lake.verify()[0].problems) == 2


def test_a_merged_object_whose_newest_answer_was_empty_is_sound(lake):
    lake.append(BTC, table(0, 0), 10 * HOUR, 12 * HOUR)
    for _ in range(2):
        lake.compact(grace=-1)
    assert len(lake.objects(BTC)) == 1
    assert only(lake).problems == []


def test_a_name_that_lies_about_the_ingest_is_found(lake):
    path = path_of(lake)
    seq = str(lake.objects(BTC)[0].seq)
    path.rename(path.with_name(path.name.replace(seq, str(int(seq) - 7))))
    assert "was renamed" in only(lake).problems[0]
    later = path.parent / path.name.replace(seq, str(1 << 63))
    next(path.parent.glob("*.parquet")).rename(later)
    assert "not an object of the lake" in only(lake).problems[0]


def test_an_object_that_a_compactor_took_away_is_no_problem(lake, monkeypatch):
    kept, read = lake.objects(BTC)[0], Bucket.read
    gone = kept.key.replace("_10_", "_9_")
    lake.bucket.write(gone, b"merged")
    monkeypatch.setattr(Bucket, "read", lambda self, key: (lake.bucket.delete([gone]), read(self, key))[1])
    assert only(lake).problems == []


def test_minus_zero_is_zero(lake):
    values = np.array([[10.0, 12.0, 9.0, 11.0, 0.0]])
    plus, minus = (candle_table(np.array([0]), values * [1, 1, 1, 1, sign]) for sign in (1, -1))
    assert content_hash(plus) == content_hash(minus)
