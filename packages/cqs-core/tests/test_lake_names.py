"""Names of folders and objects: read back as they were written, and never a way out."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cqs_core import INTERVALS, Bucket, Lake, Series, UsageError
from cqs_core.bucket.entry import checked
from cqs_core.lake.object_names import (
    ROOT,
    SOURCES,
    LakeObject,
    escape,
    object_name,
    parse_folder,
    parse_object,
    unescape,
)
from cqs_core.testing.candles import flat_table as candles

names = st.text(min_size=1, max_size=40)  # half characters, emoji, NUL, slashes, dots and all
seconds = st.integers(0, 7_258_118_400 - 1).map(lambda s: s * 1000)  # 1970 to 2199


@given(names)
@example("..")
@example(".")
@example("a-b/c%2F..\\\0")
@example("\udcff")
@example("메인 🚀")
def test_any_name_is_read_back_and_stays_one_part_of_a_path(name):
    part = escape(name)
    assert unescape(part) == name
    assert "/" not in part
    assert part.isascii()
    assert part.isprintable()


@given(names, names)
def test_two_names_are_two_folders(a, b):
    assert (escape(a) == escape(b)) == (a == b)


@given(names, names, st.sampled_from(INTERVALS))
def test_a_series_is_read_back_from_its_folder(exchange, market, interval):
    series = Series(exchange, market, interval)
    folder = series.folder
    assert parse_folder(folder) == series
    assert folder.startswith(f"{ROOT}/exchange=")
    assert len(folder.split("/")) == 5
    if all(len(part) <= 255 for part in folder.split("/")):
        assert checked(folder) == folder


def test_minutes_and_months_are_two_folders_on_every_file_system():
    folders = {Series("x", "BTC/KRW", interval).folder.lower() for interval in INTERVALS}
    assert len(folders) == len(INTERVALS)


def test_an_empty_name_is_refused():
    with pytest.raises(UsageError, match="must not be empty"):
        escape("")


@given(seconds, seconds, seconds, seconds, st.integers(0, 10**9), st.integers(0, 2**62 - 1), st.sampled_from(SOURCES))
def test_an_object_is_read_back_from_its_name(start, end, first, last, rows, seq, source):
    assume(start != end)
    item = LakeObject("", 7, min(start, end), max(start, end), first, last, rows, seq, source, "0123456789abcdef")
    key = f"some/folder/{object_name(item)}"
    assert parse_object(key, 7) == item._replace(key=key)


@pytest.mark.parametrize(
    "folder",
    [
        "",
        "data/candles",
        "data/candles/exchange=upbit/market=BTC-KRW",
        "data/candles/exchange=upbit/market=BTC-KRW/interval=7d",
        "data/candles/exchange=upbit/market=BTC-KRW/interval=1M",
        "data/candles/exchange=upbit/market=/interval=1d",
        "data/candles/exchange=/market=BTC-KRW/interval=1d",
        "data/candles/exchange=upbit/market=BTC%2FKRW/interval=1d",
        "data/candles/exchange=upbit/market=BTC%2dKRW/interval=1d",
        "data/candles/exchange=upbit/market=BTC KRW/interval=1d",
        "data/candles/exchange=upbit/market=%FF/interval=1d",
        "data/candles/market=BTC-KRW/exchange=upbit/interval=1d",
        "data/candles/deeper/exchange=upbit/market=BTC-KRW/interval=1d",
        "elsewhere/exchange=upbit/market=BTC-KRW/interval=1d",
    ],
)
def test_folders_that_are_not_ours_are_passed_over(folder):
    assert parse_folder(folder) is None


GOOD = "20240101T000000-20240201T000000_20240101T000000-20240131T000000_31_1_exchange_0123456789abcdef.parquet"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x.parquet",
        "part-0.parquet",
        GOOD.removesuffix(".parquet"),
        GOOD.replace("exchange", "friend"),
        GOOD.replace("_31_", "_x_"),
        GOOD.replace("20240201T", "20241301T"),
        GOOD.replace("20240201T", "20240230T"),
        GOOD.replace("T000000-", "000000-", 1),
        GOOD.replace("_1_", "_1_2_"),
        GOOD + ".tmp",
    ],
)
def test_objects_that_are_not_ours_are_passed_over(name):
    assert parse_object(GOOD) is not None
    assert parse_object(name) is None


def test_a_lake_full_of_strange_things_is_read(tmp_path):
    bucket = Bucket(tmp_path)
    for key in (
        "data/candles/readme.md",
        "data/candles/exchange=upbit/market=BTC-KRW/interval=7d/" + GOOD,
        "data/candles/exchange=upbit/market=BTC-KRW/interval=1d/notes.parquet",
        "data/candles/exchange=upbit/market=%FF/interval=1d/" + GOOD,
    ):
        bucket.write(key, b"not candles")
    lake = Lake(bucket)
    assert lake.series() == lake.status() == []
    assert lake.sql("select * from candles").num_rows == 0


@pytest.mark.parametrize("market", ["../../../etc/passwd", "..", "/", "\0", "a" * 200 + "/KRW", "🚀/KRW", "-/-"])
def test_names_from_outside_never_leave_the_lake(tmp_path, market):
    folder = tmp_path / "bucket"
    lake, series = Lake(Bucket(folder)), Series("upbit", market, "1d")
    lake.append(series, candles(3), 0, 3 * 86_400_000)
    assert lake.read(series).num_rows == 3
    assert list(lake.series()) == [series]
    assert [p.name for p in tmp_path.iterdir()] == ["bucket"]
    assert [p.name for p in folder.iterdir()] == ["data"]


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(UsageError, match="too long"):
        Lake(str(tmp_path)).append(Series("upbit", "메" * 100, "1d"), candles(1), 0, 86_400_000)
