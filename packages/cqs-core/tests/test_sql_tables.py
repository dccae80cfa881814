"""Tables that packages register, and frames of the caller's own, in SQL beside candles."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cqs_core import DataError, Frame, Lake, Plugins, Series, SqlTable, UsageError, hookimpl, plugins
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

BTC = Series("upbit", "BTC/KRW", "1d")
asked: list[str] = []


def moods(bucket):
    asked.append(bucket.url)
    return pa.table({"day": np.arange(0, 2).astype("M8[D]"), "mood": ["calm", "wild"]})


class Plugin:
    @hookimpl
    def register_tables(self):
        times = {"day": "timestamptz", "mood": "varchar"}
        return [
            SqlTable("moods", times, moods, "One row a day."),
            SqlTable("broken", {"a": "int"}, lambda _: 1 / 0),
            SqlTable("short", {"a": "int"}, lambda _: pa.table({"b": [1]})),
            SqlTable("later", {"a": "int"}, "cqs_core.nowhere:rows"),
        ]


@pytest.fixture
def lake(tmp_path, monkeypatch):
    from cqs_core.host import plugin_registry as registry

    host = Plugins()
    host.register(Plugin(), "weather")
    monkeypatch.setattr(registry, "_hosts", [host])
    asked.clear()
    lake = Lake(str(tmp_path))
    lake.append(BTC, flat_table(3, 0, 7.0), 0, 3 * DAY)
    return lake


def test_a_registered_table_joins_candles(lake):
    found = lake.sql("select mood, close from candles join moods on ts = day order by ts")
    assert found.to_pylist() == [{"mood": "calm", "close": 7.0}, {"mood": "wild", "close": 7.0}]
    assert lake.relation("select * from MOODS").types == ["TIMESTAMP WITH TIME ZONE", "VARCHAR"]


def test_only_queries_that_name_a_table_read_it(lake):
    lake.sql("select count(*) from candles")
    shown = {row["name"] for row in lake.sql("show tables").to_pylist()}
    assert {"candles", "moods", "broken"} <= shown
    assert [row["column_name"] for row in lake.sql("describe moods").to_pylist()] == ["day", "mood"]
    assert lake.sql("select count(*) n from information_schema.tables").to_pylist()[0]["n"] >= 4
    assert asked == []
    with pytest.raises(UsageError, match="does not exist"):  # a name that only the query makes is no table, never empty
        lake.sql("from query_table('moo' || 'ds')")


def test_a_table_that_fails_is_named(lake):
    with pytest.raises(DataError, match="table 'broken' of plugin 'weather' failed: ZeroDivisionError"):
        lake.sql("select * from broken")
    with pytest.raises(DataError, match="table 'short' has not the columns that it declares"):
        lake.sql("select * from short")
    with pytest.raises(DataError, match="table 'later' of plugin 'weather' failed"):
        lake.sql("select * from later")


@pytest.mark.parametrize("kind", ["pandas", "series", "polars", "lazy", "arrow", "duckdb", "frame", "reader"])
def test_frames_of_ones_own_can_be_joined(lake, kind):
    index = pd.date_range("1970-01-02", periods=2, tz="UTC", name="ts")
    frame = pd.DataFrame({"weight": [0.5, 1.0]}, index)
    if kind in ("polars", "lazy"):
        polars = pytest.importorskip("polars", reason="frames of polars")
        own = polars.from_arrow(Frame(frame).to_arrow())
        own = own.lazy() if kind == "lazy" else own
    elif kind == "duckdb":
        own = duckdb.connect().from_arrow(Frame(frame).to_arrow())
    else:
        own = {
            "pandas": frame,
            "series": frame["weight"],
            "frame": Frame(frame),
            "arrow": Frame(frame).to_arrow(),
            "reader": pa.RecordBatchReader.from_batches(
                Frame(frame).to_arrow().schema, Frame(frame).to_arrow().to_batches()
            ),
        }[kind]
    query = "select sum(weight * close) total from candles join mine using (ts) where close > $least"
    assert lake.sql(query, mine=own, least=1.0).to_pylist() == [{"total": 10.5}]
    if kind != "reader":  # which can be read once
        assert lake.relation(query, mine=own, least=1.0).fetchall() == [(10.5,)]


def test_a_frame_takes_no_name_of_a_table(lake):
    for name in ("candles", "moods"):
        with pytest.raises(UsageError, match=f"'{name}' is a table of the lake; give your frame another name"):
            lake.sql("select 1", **{name: pd.DataFrame({"a": [1]})})


def test_answers_go_on_in_pandas_polars_arrow_and_duckdb(lake):
    frame = lake.frame("BTC", "1970-01-02", dt.date(1970, 1, 2))
    assert len(frame) == 1
    assert type(frame.to_pandas()) is pd.DataFrame
    assert isinstance(frame[["close"]], Frame)
    assert frame.to_arrow().schema.field("timestamp").type == pa.timestamp("us", "UTC")
    assert frame.relation().columns == ["timestamp", "open", "high", "low", "close", "volume"]
    polars = pytest.importorskip("polars", reason="frames of polars")
    mine = polars.DataFrame({"ts": [dt.datetime(1970, 1, 2, tzinfo=dt.UTC)]})
    for answer in (lake.read("BTC 1d"), lake.sql("from candles"), lake.relation("from candles").to_arrow_table()):
        assert mine.join(polars.from_arrow(answer), on="ts").height == 1
    assert mine.join(frame.to_polars(), left_on="ts", right_on="timestamp").height == 1


def test_times_and_series_may_be_text_or_objects(lake):
    for start in ("1970-01-02", dt.date(1970, 1, 2), np.datetime64("1970-01-02"), pd.Timestamp("1970-01-02"), DAY):
        for series in (BTC, "BTC", "BTC/KRW 1d", "upbit btc/krw day"):
            assert len(lake.read(series, start)) == len(lake.derive(series, start)) == 2
    assert len(lake.read("BTC", end=np.datetime64("1970-01-02"))) == 2  # a date includes that day
    assert len(lake.read("BTC", end=np.datetime64("1970-01-02T00", "h"))) == 1
    assert lake.verify("BTC")[0].series == lake.verify([BTC])[0].series == BTC
    for wrong in ("", "a b c d", 5):
        with pytest.raises(UsageError, match="is not a series"):
            lake.read(wrong)
    for wrong in (np.datetime64("1970-01"), np.datetime64("NaT"), 1.5, object()):
        with pytest.raises(UsageError, match="is not a time"):
            lake.read("BTC", wrong)


def test_the_host_of_this_process_knows_no_such_table():
    assert "moods" not in plugins().tables()
