"""A query in its own process: whole answers, limits on rows, time and memory, and nothing but the lake."""

from __future__ import annotations

import sys

import pytest

from cqs_core import Lake, Series, UsageError
from cqs_core.lake import QueryLimits, QueryProcess
from cqs_core.lake.query_process import first_rows
from cqs_core.testing.candles import flat_table
from cqs_core.testing.waiting import until
from cqs_core.time.intervals import DAY

ENDLESS = "select count(*) from range(100000) a, range(100000) b, range(100000) c"

LARGE = "select count(*) from (select range r from range(20000000) order by hash(range) offset 1)"


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "bucket").mkdir()
    lake = Lake(str(tmp_path / "bucket"))
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(10, 0, 7.0), 0, 10 * DAY)
    return lake


def refused(lake, query, **limits):
    with pytest.raises(UsageError) as caught:
        QueryProcess(lake.bucket.url, query, QueryLimits(**limits)).result()
    return str(caught.value)


def test_it_answers_with_all_rows_and_with_the_place_of_an_error(lake):
    answer = QueryProcess(lake.bucket.url, "select ts, close from candles order by ts").result()
    assert answer.whole
    assert answer.table.column("close").to_pylist() == [7.0] * 10
    said = refused(lake, "select '메인',\n  clsoe from candles")
    assert said.startswith('DuckDB refused the query at line 2, column 3: Binder Error: Referenced column "clsoe"')


def test_what_takes_too_long_or_is_canceled_is_ended(lake):
    assert "took longer than 1 s, and was ended" in refused(lake, ENDLESS, seconds=1.0)
    running = QueryProcess(lake.bucket.url, ENDLESS)
    until(lambda: running._process is not None)
    running.cancel()
    with pytest.raises(UsageError, match="canceled"):
        running.result()
    assert running._process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="the system's own limit of memory is Linux's")
def test_texts_that_duckdb_does_not_count_are_limited_as_well(lake):
    said = refused(lake, "select repeat(repeat('x', 100000), 40000) a", memory=256 << 20)
    assert "wants more than 256 MB of memory" in said


@pytest.mark.parametrize(
    ("query", "limits", "rows"),
    [
        ("select * from range(10000000000000)", QueryLimits(rows=50), 50),
        ("select * from candles", QueryLimits(rows=9), 9),
        ("select repeat('x', 1000) a from range(1000000)", QueryLimits(answer=10_000_000, rows=100_000), 9_000),
    ],
)
def test_an_answer_without_end_is_cut_and_says_so(lake, query, limits, rows):
    table, whole = first_rows(lake.bucket, query, limits)
    assert not whole
    assert rows * 0.8 <= len(table) <= limits.rows


@pytest.mark.parametrize("rows", [10, 11])
def test_an_answer_that_just_fits_is_whole(lake, rows):
    table, whole = first_rows(lake.bucket, "select * from candles", QueryLimits(rows=rows))
    assert whole
    assert len(table) == 10


@pytest.mark.parametrize(
    "query",
    [
        "attach '{out}/x.db'",
        "copy candles to '{out}/stolen.csv'",
        "pragma enable_profiling",
        "select 1; select 2",
        "set memory_limit = '100GB'",
        "reset memory_limit",
        "install httpfs",
        "load httpfs",
        "create table t as select 1",
        "explain analyze copy candles to '{out}/stolen.csv'",
        "select getenv('HOME')",
        "select * from read_csv('{out}/x.csv')",
        "select * from '{out}/x.csv'",
        "select * from read_text('/etc/passwd')",
        "select * from glob('{out}/*')",
        "select * from read_parquet('https://127.0.0.1:9/x.parquet')",
        "select * from read_csv('http://127.0.0.1:9/x.csv')",
        "select * from query('copy (select 1) to ''{out}/stolen.csv''')",
        "select list(range) from range(1000000000)",
    ],
)
def test_nothing_but_the_lake_is_read_and_nothing_is_changed(lake, tmp_path, query):
    (tmp_path / "x.csv").write_text("password\nhunter2\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError):
        first_rows(lake.bucket, query.format(out=tmp_path), QueryLimits(memory=100 << 20))
    assert sorted(tmp_path.rglob("*")) == before


def test_what_does_not_fit_into_memory_is_refused_and_writes_no_file(lake, own_folders):
    with pytest.raises(UsageError, match="Out of Memory"):
        first_rows(lake.bucket, LARGE, QueryLimits(memory=100 << 20))
    assert not list(own_folders.rglob("duckdb"))
