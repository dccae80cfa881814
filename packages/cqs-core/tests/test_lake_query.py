"""SQL over the lake: everything that reads candles, nothing that reads or writes anything else."""

from __future__ import annotations

import gc
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cqs_core import Bucket, DataError, Lake, Series, UsageError
from cqs_core.lake.query import texts
from cqs_core.lake.series_table import candle_table
from cqs_core.time.intervals import DAY

BTC, ETH = Series("upbit", "BTC/KRW", "1d"), Series("upbit", "ETH/KRW", "1d")
SECRET = pd.DataFrame({"password": ["hunter2"]})  # what a careless DuckDB finds by this name


def rows(n: int, start: int = 0, price: float = 1.0):
    ts = np.arange(start, start + n, dtype=np.int64) * DAY
    return candle_table(ts, np.full((n, 5), price))


@pytest.fixture(params=["folder", "gcs"])
def lake(request, tmp_path):
    lake = Lake(tmp_path if request.param == "folder" else request.getfixturevalue("gcs_bucket"))
    lake.append(BTC, rows(10), 0, 10 * DAY)
    lake.append(BTC, rows(4, 8, price=2.0), 8 * DAY, 12 * DAY)
    lake.append(ETH, rows(3), 0, 3 * DAY)
    return lake


@pytest.fixture
def outside(tmp_path_factory):
    """A folder with a file in each form that DuckDB can read."""
    folder = tmp_path_factory.mktemp("outside")
    SECRET.to_csv(folder / "x.csv", index=False)
    SECRET.to_parquet(folder / "x.parquet")
    SECRET.to_json(folder / "x.json", orient="records")
    return folder


def test_each_row_is_seen_once_and_the_newest_wins(lake):
    found = lake.sql("select market, count(*) n, sum(close) s from candles group by market order by market").to_pylist()
    assert found == [{"market": "BTC/KRW", "n": 12, "s": 16.0}, {"market": "ETH/KRW", "n": 3, "s": 3.0}]


def test_columns_are_those_of_the_contract(lake):
    found = lake.sql("select * from candles where market = 'ETH/KRW' order by ts")
    assert found.column_names == ["exchange", "market", "interval", "ts", "open", "high", "low", "close", "volume"]
    assert found.to_pylist()[0]["ts"].isoformat() == "1970-01-01T00:00:00+00:00"


def test_an_empty_lake_has_the_same_columns(lake, tmp_path_factory):
    empty = Lake(str(tmp_path_factory.mktemp("empty"))).sql("select * from candles")
    full = lake.sql("select * from candles")
    assert empty.num_rows == 0
    assert empty.column_names == full.column_names
    assert empty.schema.types[4:] == full.schema.types[4:]


def test_parameters_are_values_not_text(lake):
    query = "select count(*) n from candles where market = $market"
    assert lake.sql(query, market="ETH/KRW").to_pylist() == [{"n": 3}]
    assert lake.sql(query, market="' or 1=1 --").to_pylist() == [{"n": 0}]


@pytest.mark.parametrize(
    "query",
    [
        "from candles limit 1",
        "with c as (select * from candles) select count(*) from c",
        "select time_bucket(interval '2 days', ts) t, avg(close) from candles group by t",
        "values (1)",
        "describe candles",
        "summarize candles",
        "select 1;",
        "select ';' -- one; statement",
        "show tables",
        "show candles",
        "pivot candles on market using first(close)",
        "pivot (select ts, market, close from candles) on market using first(close) order by ts; -- done",
        "with p as (pivot candles on market using first(close)) from p",
        "unpivot candles on open, close into name field value price",
    ],
)
def test_any_one_select_is_welcome(lake, query):
    assert lake.sql(query).num_rows > 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        ";",
        "-- nothing",
        "select 1; select 2",
        "select 1; drop view candles",
        "copy candles to '{out}/stolen.csv'",
        "copy (select 1) to '{out}/stolen.parquet' (format parquet)",
        "copy candles from '{out}/x.csv'",
        "attach '{out}/x.db'",
        "export database '{out}/all'",
        "create table t as select * from candles",
        "create or replace view candles as select 1",
        "drop view candles",
        "insert into candles values (1)",
        "delete from candles",
        "set enable_external_access = true",
        "reset allowed_paths",
        "pragma enable_profiling",
        "call enable_logging()",
        "install httpfs",
        "load httpfs",
        "use memory",
        "checkpoint",
        "prepare q as select 1",
        "copy (pivot candles on market using first(close)) to '{out}/stolen.csv'",
        "create table t as pivot candles on market using first(close)",
        "pivot candles on market using first(close); drop view candles",
        "explain analyze copy candles to '{out}/stolen.csv'",
    ],
)
def test_what_is_not_one_select_is_refused(lake, outside, query):
    before = sorted(outside.iterdir())
    with pytest.raises(UsageError, match=r"only one SELECT is allowed|DuckDB refused the query"):
        lake.sql(query.format(out=outside))
    assert sorted(outside.iterdir()) == before


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('{out}/x.csv')",
        "select * from '{out}/x.csv'",
        "select * from read_parquet('{out}/x.parquet')",
        "select * from '{out}/x.parquet'",
        "select * from read_json('{out}/x.json')",
        "select * from read_text('{out}/x.csv')",
        "select * from read_blob('/etc/passwd')",
        "select * from glob('{out}/*')",
        "select * from sniff_csv('{out}/x.csv')",
        "select * from parquet_metadata('{out}/x.parquet')",
        "select * from parquet_schema('{out}/x.parquet')",
        "select * from read_csv('https://127.0.0.1:9/x.csv')",
        "select * from read_parquet('s3://bucket/x.parquet')",
        "select * from query('select * from read_text(''/etc/passwd'')')",
        "select * from query_table('/etc/passwd')",
        "select * from candles where market in (select content from read_text('{out}/x.csv'))",
        "select * from SECRET",
        "select * from lake",
        "select getenv('HOME')",
    ],
)
def test_nothing_but_the_lake_can_be_read(lake, outside, query):
    with pytest.raises(UsageError, match="DuckDB refused the query"):
        lake.sql(query.format(out=outside))


def test_what_duckdb_does_not_understand_is_one_line(lake):
    with pytest.raises(UsageError) as caught:
        lake.sql("selct * from candles")
    assert "syntax error" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match='column "clsoe" not found'):
        lake.sql("select clsoe from candles")


def test_a_damaged_object_is_named(lake):
    lake.bucket.write(lake.objects(ETH)[0].key, b"PAR1 torn")
    with pytest.raises(DataError, match=r"damaged.*cqs data verify"):
        lake.sql("select sum(close) from candles")


def test_a_query_larger_than_memory_spills_where_it_may(lake, own_folders):
    lake.sql("select count(*) from (select range r from range(3000000) order by hash(range))")
    assert not list(own_folders.rglob("*.tmp"))
    assert not Path(".tmp").exists()
    assert (own_folders / "cache" / "duckdb").is_dir()  # DuckDB makes the last folder of a path, not those above


def test_a_lake_behind_a_link_is_read(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "data").symlink_to(tmp_path / "disk")
    lake = Lake(Bucket(tmp_path / "bucket"))
    lake.append(BTC, rows(10), 0, 10 * DAY)
    assert lake.sql("select count(*) n from candles").to_pylist() == [{"n": 10}]


def test_quotes_in_names_are_no_sql(tmp_path):
    evil = Series("upbit", "X'); drop view candles; --/KRW", "1d")
    (tmp_path / "it's a bucket").mkdir()
    lake = Lake(str(tmp_path / "it's a bucket"))
    lake.append(evil, rows(2), 0, 2 * DAY)
    assert lake.sql("select distinct market from candles").to_pylist() == [{"market": evil.market}]


def test_a_relation_goes_on_in_duckdb(lake):
    relation = lake.relation("select * from candles where market = $market", market="BTC/KRW")
    gc.collect()
    assert relation.filter("close > 1").aggregate("count(*)").fetchall() == [(4,)]
    assert relation.to_arrow_table().num_rows == 12


def test_a_relation_can_do_no_more_than_sql(lake, outside):
    with pytest.raises(UsageError, match="only one SELECT"):
        lake.relation("drop view candles")
    with pytest.raises(UsageError, match="DuckDB refused the query"):
        lake.relation(f"select * from '{outside}/x.parquet'")
    relation = lake.relation("select * from candles")
    for more in (f"select * from '{outside}/x.parquet'", "set enable_external_access = true"):
        with pytest.raises(duckdb.Error, match=r"disabled|[Ll]ocked|configuration"):
            relation.query("mine", more)
    with pytest.raises(duckdb.Error, match="disabled"):
        relation.write_csv(str(outside / "stolen.csv"))
    assert not (outside / "stolen.csv").exists()


def test_columns_of_one_name_both_survive(lake):
    assert lake.sql("select 1 ts, 2 ts, 3 ts_1, 4 ts").to_pylist() == [{"ts": 1, "ts_2": 2, "ts_1": 3, "ts_3": 4}]
    assert lake.relation("select 1 ts, 2 ts").columns == ["ts", "ts_1"]
    joined = lake.sql("select * from candles a join candles b using (exchange, market, interval) order by a.ts, b.ts")
    assert {"ts", "ts_1", "close", "close_1"} <= set(joined.column_names)


def test_what_arrow_would_falsify_is_text(lake):
    query = "select '101'::bit b, '12:00:00+02'::timetz t, 340282366920938463463374607431768211455::uhugeint u"
    told = {"b": "101", "t": "12:00:00+02", "u": "340282366920938463463374607431768211455"}
    assert lake.sql(query).to_pylist() == [told]


def test_a_query_that_is_no_utf8_is_refused(lake):
    with pytest.raises(UsageError, match="not valid UTF-8"):
        lake.sql("select '\udcff'")


@pytest.mark.parametrize("name", ["g[1]*", "what?", "[a-z]", "g[[]1]"])
def test_a_bucket_may_be_named_like_a_pattern(tmp_path, name):
    for folder, n in ((name, 2), ("g1x", 5), ("whats", 5), ("b", 5)):
        (tmp_path / folder).mkdir()
        Lake(str(tmp_path / folder)).append(BTC, rows(n), 0, n * DAY)
    lake = Lake(str(tmp_path / name))
    lake.append(BTC, rows(2, 1), DAY, 3 * DAY)
    assert lake.sql("select count(*) n from candles").to_pylist() == [{"n": 3}]
    assert lake.relation("select * from candles").aggregate("count(*)").fetchall() == [(3,)]
    lake.bucket.write(lake.objects(BTC)[0].key, b"PAR1 torn")
    with pytest.raises(DataError, match=r"damaged.*cqs data verify"):
        lake.sql("select sum(close) from candles")


def test_every_value_has_duckdbs_text(lake):
    found = lake.sql("select 'infinity'::timestamp i, max(ts) - min(ts) d, 1.50 x, null n from candles")
    [batch] = texts(found)
    assert batch.to_pylist() == [{"i": "infinity", "d": "11 days", "x": "1.50", "n": None}]


@pytest.fixture
def few_files(tmp_path):
    """A lake of 80 objects, in a process that may open 30 files more than it has."""
    resource = pytest.importorskip("resource", reason="limits as Unix has them")
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("counts open files as Linux shows them")
    lake = Lake(str(tmp_path))
    for i in range(80):
        lake.append(Series("upbit", f"C{i}/KRW", "1d"), rows(3), 0, 3 * DAY)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 30, hard))
    yield lake
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_query_may_open_as_many_files_as_the_system_grants(few_files):
    assert few_files.sql("select market, max(ts) from candles group by market").num_rows == 80


def test_more_files_than_may_be_open_are_not_called_damaged(few_files, monkeypatch):
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with monkeypatch.context() as patched:  # a system that grants no more
        patched.setattr(resource, "getrlimit", lambda _: (soft, soft))
        with pytest.raises(UsageError, match="80 objects at once, more files than this process may open; ask about"):
            few_files.sql("select market, max(ts) from candles group by market")
        assert few_files.sql("select max(ts) from candles where market = 'C7/KRW'").num_rows == 1
