"""The lake format as docs/spec/lake.md has it: its writer against our reader, and the other way round."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import documents
from cqs_core import INTERVALS, Lake, Series
from cqs_core.lake import SOURCES, parse_object, periods
from cqs_core.testing.candles import flat_table
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, MINUTE

JANUARY, MARCH = clock.parse_start("2024-01-01"), clock.parse_start("2024-03-01")


@pytest.fixture(scope="module")
def page() -> dict[str, object]:
    """The two programs of the page."""
    made: dict[str, object] = {}
    for title in ("writer", "reader"):
        exec(documents.block("spec/lake", "python", title), made)
    return made


def candles(start, end, step, price=100.0):
    return [(ts, price, price + 2, price - 1, price + 1, 3.5) for ts in range(start, end, step)]


def prices(lake, series):
    table = lake.read(series)
    times = [us // 1000 for us in table["ts"].cast("int64").to_pylist()]
    return dict(zip(times, table["close"].to_pylist(), strict=True))


MARKETS = ["BTC/KRW", "BTC/USDT:USDT", "A-B_c/KRW", "메인/KRW", "1INCH/USDT", "O'X Y/KRW", "100%/KRW"]


@pytest.mark.parametrize("market", MARKETS)
def test_what_the_page_writes_is_read_and_verified(page, tmp_path, market):
    series = Series("upbit", market, "1m")
    page["write"](tmp_path, *series, JANUARY, JANUARY + DAY, candles(JANUARY, JANUARY + DAY, MINUTE), JANUARY + 2 * DAY)
    lake = Lake(str(tmp_path))
    [verified] = lake.verify()
    assert (verified.series, verified.rows, verified.problems) == (series, 1440, [])
    [path] = page["folder_of"](tmp_path, *series).glob("*.parquet")
    footer = pq.read_metadata(path).metadata
    assert footer[b"cqs.series"].decode() == str(series)
    assert path.stem == f"{footer[b'cqs.name'].decode()}_{path.stem[-16:]}"
    [status] = lake.status()
    assert (status.first, status.last, status.gaps, status.problem) == (JANUARY, JANUARY + DAY - MINUTE, 0, "")
    assert len(lake.frame(series)) == 1440
    sql = lake.sql("select count(*) n, sum(close) total from candles where market = $market", market=market)
    assert sql.to_pylist() == [{"n": 1440, "total": 1440 * 101.0}]


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_has_its_folder_and_its_grid(page, tmp_path, interval):
    opens = intervals.opens(interval, JANUARY, clock.parse_start("2025-01-01"))[:20].tolist()
    end = intervals.next_open(interval, opens[-1])
    rows = [(ts, 5.0, 6.0, 4.0, 5.0, 0.0) for ts in opens]
    page["write"](tmp_path, "upbit", "BTC/KRW", interval, opens[0], end, rows, end)
    [verified] = Lake(str(tmp_path)).verify()
    assert (verified.series.interval, verified.rows, verified.problems) == (interval, len(opens), [])
    assert Lake(str(tmp_path)).gaps() == []
    told = {
        name
        for cells in documents.rows("spec/lake", "Where objects are")
        for name in cells[0].split("`")
        if name.strip()
    }
    assert interval in told


def test_the_newest_answer_wins_an_empty_one_is_an_answer_and_a_deleted_one_is_missed(page, tmp_path):
    series, write = Series("upbit", "BTC/KRW", "1d"), page["write"]
    write(tmp_path, *series, JANUARY, MARCH, candles(JANUARY, MARCH, DAY), 1)
    write(
        tmp_path,
        *series,
        JANUARY + 9 * DAY,
        JANUARY + 11 * DAY,
        candles(JANUARY + 9 * DAY, JANUARY + 11 * DAY, DAY, 7.0),
        2,
    )
    write(tmp_path, *series, MARCH, MARCH + 5 * DAY, [], 3)
    write(tmp_path, *series, MARCH + 5 * DAY, MARCH + 6 * DAY, candles(MARCH + 5 * DAY, MARCH + 6 * DAY, DAY), 4)
    lake = Lake(str(tmp_path))
    read = prices(lake, series)
    assert [read[JANUARY + n * DAY] for n in (8, 9, 10, 11)] == [101.0, 8.0, 8.0, 101.0]
    assert [(gap.start, gap.bars, gap.cause) for gap in lake.gaps()] == [(MARCH, 5, "no_trade")]
    folder = page["folder_of"](tmp_path, *series)
    page_reads = {ts: values[3] for ts, values in page["read"](folder).items()}
    assert page_reads == read
    next(folder.glob("*_4_exchange_*.parquet")).unlink()
    [verified] = lake.verify()
    assert "is missing" in verified.problems[0]


def test_what_cqs_writes_and_merges_is_read_by_the_page(page, tmp_path):
    series, lake = Series("upbit", "BTC/KRW", "1m"), Lake(str(tmp_path))
    for hour in range(6):
        start = JANUARY + hour * 60 * MINUTE
        lake.append(series, flat_table(90, start, 100.0 + hour, "1m"), start, start + 90 * MINUTE)
    lake.compact(grace=0)
    lake.compact(grace=0)
    assert len(lake.objects(series)) < 6
    ours = lake.frame(series)
    stamps = ours.index.as_unit("ms").asi8.tolist()
    read = page["read"](page["folder_of"](tmp_path, *series))
    assert list(read) == stamps
    assert np.array_equal(np.array(list(read.values())), ours[["open", "high", "low", "close", "volume"]].to_numpy())


def test_the_name_on_the_page_is_one_and_its_sources_are_ours():
    [_, example] = next(b.text for b in documents.blocks("spec/lake", "text") if "{start}" in b.text).splitlines()
    assert parse_object(example).rows == 44640
    assert {cells[0].strip("`") for cells in documents.rows("spec/lake", "What a name says")[-len(SOURCES) :]} == set(
        SOURCES
    )


def spoiled(page, tmp_path, how):
    """A lake with one object that breaks a rule of the page."""
    start, rows = JANUARY, candles(JANUARY, JANUARY + 3 * DAY, DAY)
    schema = page["SCHEMA"]
    if how == "a row outside":
        rows.append((JANUARY + 9 * DAY, 1.0, 1.0, 1.0, 1.0, 1.0))
    if how == "required columns":
        page["SCHEMA"] = pa.schema([field.with_nullable(False) for field in schema])
    try:
        page["write"](tmp_path, "upbit", "BTC/KRW", "1d", start, start + 3 * DAY, rows, 7)
    finally:
        page["SCHEMA"] = schema
    folder = page["folder_of"](tmp_path, "upbit", "BTC/KRW", "1d")
    [path], [receipt] = folder.glob("*.parquet"), folder.glob("*.receipt")
    receipt.unlink()  # only what the object itself shows
    if how == "another hash":
        path.rename(path.with_name(path.name[:-24] + "0" * 16 + ".parquet"))
    if how == "moved to another market":
        other = page["folder_of"](tmp_path, "upbit", "ETH/KRW", "1d")
        other.mkdir(parents=True)
        path.rename(other / path.name)


RULES = ["a row outside", "required columns", "another hash", "moved to another market"]


@pytest.mark.parametrize("how", RULES)
def test_what_must_be_is_checked(page, tmp_path, how):
    spoiled(page, tmp_path, how)
    assert any(verified.problems for verified in Lake(str(tmp_path)).verify())


def test_objects_are_cut_where_the_page_says():
    start, end = clock.parse_start("2023-11-15"), clock.parse_start("2024-02-15")
    cuts = {name: [low for low, _ in periods(name, start, end)][1:] for name in INTERVALS}
    months = [clock.parse_start(day) for day in ("2023-12-01", "2024-01-01", "2024-02-01")]
    assert cuts["1m"] == months
    between = [name for name in INTERVALS if MINUTE < intervals.length(name) < DAY]
    assert all(cuts[name] == [months[1]] for name in between)
    assert all(cuts[name] == [] for name in INTERVALS if intervals.length(name) >= DAY)
