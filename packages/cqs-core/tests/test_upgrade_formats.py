"""What a newer version wrote is refused by name, never passed over."""

from __future__ import annotations

import json

import pytest

from cqs_core import Bucket, DataError, Lake, Series
from cqs_core.files import NewerFormat, format_fields, require_format
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

BTC = Series("upbit", "BTC/KRW", "1d")
MARK = "data/candles/_format_1"


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(BTC, flat_table(3, 0, 7.0), 0, 3 * DAY)
    return lake


def test_a_lake_has_a_mark_that_says_who_wrote_it(lake):
    assert json.loads(lake.bucket.read(MARK)) == format_fields("cqs-core", 1)
    assert lake.inventory().unknown == []
    assert [list(one.problems) for one in lake.verify()] == [[]]


def test_a_lake_without_a_mark_is_read(lake):
    lake.bucket.delete([MARK])
    assert lake.status()[0].rows == 3
    assert lake.read(BTC).num_rows == 3


def test_the_mark_is_written_once(lake):
    lake.bucket.write(MARK, b"{}")
    lake.append(Series("upbit", "ETH/KRW", "1d"), flat_table(3, 0, 7.0), 0, 3 * DAY)
    assert lake.bucket.read(MARK) == b"{}"


@pytest.mark.parametrize("content", [b'{"written_by": "cqs-core 9.1"}', b"", b"[]"])
def test_a_newer_lake_is_refused_by_everything_that_lists_it(lake, content):
    lake.bucket.write("data/candles/_format_2", content)
    writer = "cqs-core 9.1" if b"9.1" in content else "a newer cqs-core"
    for look in (lake.status, lake.series, lake.verify, lake.compact, lambda: lake.sql("select * from candles")):
        with pytest.raises(NewerFormat, match=f"of format 2, written by {writer}; this version reads 1: upgrade"):
            look()


def test_an_object_of_a_later_format_is_refused_by_everything_that_reads_its_series(lake):
    lake.bucket.write(f"{BTC.folder}/v2_anything.parquet", b"")
    for look in (
        lake.status,
        lambda: lake.read(BTC),
        lake.compact,
        lambda: lake.derive("BTC 1w"),
        lambda: lake.objects(BTC),
    ):
        with pytest.raises(NewerFormat, match="format 2; this version reads 1: upgrade cqs-core"):
            look()


def test_objects_that_are_not_understood_are_counted(lake):
    strange = [
        "data/candles/README",
        f"{BTC.folder}/notes.txt",
        "data/candles/exchange=x/market=Y/interval=7d/a.parquet",
    ]
    for key in strange:
        lake.bucket.write(key, b"x")
    assert lake.inventory().unknown == sorted(strange)
    assert lake.status()[0].rows == 3


def test_what_has_no_format_is_of_the_first():
    require_format("run 'x'", {}, 1, "cqs-backtest")


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, True, [1]])
def test_a_format_that_is_not_a_number_is_damage(version):
    with pytest.raises(DataError, match=r"run 'x' has format .* it is damaged"):
        require_format("run 'x'", {"format": version}, 1, "cqs-backtest")


def test_a_newer_format_is_named_with_its_writer():
    with pytest.raises(
        NewerFormat,
        match=r"^run 'x' is of format 3, written by cqs-backtest 9; this version reads 2: upgrade cqs-backtest$",
    ):
        require_format("run 'x'", {"format": 3, "written_by": "cqs-backtest 9"}, 2, "cqs-backtest")


def test_two_writers_of_the_first_candles_leave_one_mark(tmp_path):
    for _ in range(2):
        Lake(Bucket(str(tmp_path))).append(BTC, flat_table(3, 0, 7.0), 0, 3 * DAY)
    assert [entry.key for entry in Bucket(str(tmp_path)).list("data/candles") if "_format_" in entry.key] == [MARK]
