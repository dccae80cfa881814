"""A damaged lake says so; a content hash knows nothing of objects."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.intervals import HOUR
from cqs_core.lake.table import candle_table

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
