"""`download`, `load` and `sql`: the lines that a researcher types."""

from __future__ import annotations

import asyncio
import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cqs_core import Bucket, DataWarning, Frame, Lake, Series, UnknownName, UsageError
from cqs_core.cli import run_command
from cqs_core.lake import save_market_set
from cqs_core.testing.candles import flat_table
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import Bars, download, fetch, fetch_async, load, load_processed_data, repair, select, sql, update
from cqs_data.downloading import _notes
from cqs_data.fetching import Fetched

START = parse_start("2024-01-01")


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    lake = Lake(str(tmp_path))
    for market, price in (("BTC/KRW", 7.0), ("ETH/KRW", 3.0)):
        lake.append(Series("upbit", market, "1d"), flat_table(5, START, price), START, START + 5 * DAY)
    return Bucket(tmp_path)


def test_bars_are_frames_by_symbol_as_given(bucket):
    bars = load(["BTC", "KRW-ETH"], "2024-01-02")
    assert isinstance(bars, Bars)
    assert isinstance(bars, dict)
    assert list(bars) == ["BTC", "KRW-ETH"]
    assert bars["BTC"].index.dtype == "datetime64[us, UTC]"
    assert bars["BTC"].index.name == "timestamp"
    assert list(load("BTC,ETH")) == ["BTC", "ETH"]
    assert load_processed_data(["BTC"])["BTC"].equals(load("BTC")["BTC"])


def test_buckets_and_times_may_be_text_or_objects(bucket, monkeypatch):
    monkeypatch.delenv("CQS_BUCKET")
    for where in (bucket, bucket.url, bucket.folder):
        assert len(load("BTC", bucket=where)["BTC"]) == 5
    moments = ("2024-01-03", dt.date(2024, 1, 3), dt.datetime(2024, 1, 3, tzinfo=dt.UTC), pd.Timestamp("2024-01-03"))
    for start in (*moments, np.datetime64("2024-01-03"), np.datetime64("2024-01-03T00:00:00", "ns")):
        assert len(load("BTC", start, bucket=bucket)["BTC"]) == 3
    with pytest.raises(UsageError, match="2024 is not a time; write 2024-01-31"):
        load("BTC", 2024, bucket=bucket)


def test_bars_go_on_in_other_libraries(bucket):
    bars = load(["BTC", "ETH"])
    assert bars.wide("close").iloc[-1].tolist() == [7.0, 3.0]
    assert list(bars.to_pandas().columns) == ["timestamp", "symbol", "open", "high", "low", "close", "volume"]
    assert type(bars.to_pandas()) is pd.DataFrame
    assert bars.to_arrow().schema.field("timestamp").type == pa.timestamp("us", "UTC")
    assert bars.relation().aggregate("count(*) as n").fetchall() == [(10,)]
    polars = pytest.importorskip("polars", reason="frames of polars")
    joined = bars.to_polars().join(
        polars.from_arrow(Lake(bucket).sql("from candles")), left_on="timestamp", right_on="ts"
    )
    assert joined.height == 20
    with pytest.raises(UnknownName, match="unknown field 'closes'; did you mean 'close'"):
        bars.wide("closes")


def test_bars_show_what_they_are(bucket):
    bars = load("BTC")
    assert repr(bars) == "Bars of 1 symbol, 1d: BTC (5, 2024-01-01 to 2024-01-05)"
    assert "<th>BTC</th><td>5</td><td>2024-01-01</td>" in bars._repr_html_()
    assert "<script>" not in Bars({"<script>": bars["BTC"]}, "1d")._repr_html_()


def test_unknown_markets_are_refused_with_the_nearest(bucket):
    with pytest.raises(UnknownName, match="unknown market in the lake 'BTX/KRW'; did you mean 'BTC/KRW'"):
        load(["BTC", "BTX"])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"symbols": 5}, "5 is not a symbol; write 'BTC' or"),
        ({"symbols": ["BTC", None]}, "None is not a symbol; write 'BTC' or"),
        ({"symbols": []}, "no symbols; name some"),
        ({"start": 20240101}, "20240101 is not a time; write 2024-01-31"),
        ({"start": "2024-02-01", "end": "2024-01-01"}, "is not before end '2024-01-01'; swap them"),
        ({"start": "2030-01-01"}, r"in these dates; ask for others \(the lake has .* to 2024-01-05"),
        ({"interval": 60}, "60 is not an interval; write '1h' or '1d'"),
        ({"exchange": 3}, "unknown exchange 3; there are"),
        ({"quote": 3}, "3 is not a quote currency; write KRW"),
        ({"bucket": 5}, "5 is not a bucket; name a folder or gs://name"),
        ({"bucket": "nowhere"}, "'.*nowhere' does not exist; check the name"),
    ],
)
def test_mistakes_are_named_with_their_remedy(bucket, wrong, told):
    with pytest.raises(UsageError, match=told):
        load(**{"symbols": "BTC"} | wrong)


@pytest.mark.parametrize("wrong", [{"symbols": 5}, {"symbols": [None]}, {"symbols": "BTC", "interval": [1]}])
def test_a_selection_names_mistakes_too(wrong):
    with pytest.raises(UsageError, match=r"is not an? (symbol|interval); write"):
        select(**wrong)


def test_symbols_may_be_an_array_or_a_series_and_a_bucket_may_begin_at_home(bucket, monkeypatch):
    for symbols in (np.array(["BTC", "ETH"]), pd.Series(["BTC", "ETH"]), ("BTC", "ETH"), {"BTC": 1, "ETH": 2}):
        found = load(symbols)
        assert list(found) == ["BTC", "ETH"]
        assert {type(name) for name in found} == {str}
    polars = pytest.importorskip("polars", reason="frames of polars")
    assert list(load(polars.Series(["BTC", "ETH"]))) == ["BTC", "ETH"]
    monkeypatch.setenv("HOME", str(bucket.folder.parent))
    assert len(load("BTC", bucket=f"~/{bucket.folder.name}")["BTC"]) == 5


def test_every_way_to_fetch_asks_the_configured_endpoint(bucket, monkeypatch):
    monkeypatch.setenv("CQS_ENDPOINT", "ftp:/nothing")
    for ask in (
        lambda: fetch(bucket, "BTC"),
        lambda: asyncio.run(fetch_async(bucket, "BTC")),
        lambda: update(bucket),
        lambda: repair(bucket.url, []),
        lambda: download("BTC"),
    ):
        with pytest.raises(UsageError, match="CQS_ENDPOINT is 'ftp:/nothing'; write a URL such as"):
            ask()


def test_bars_that_are_left_out_are_a_warning_at_the_callers_line(bucket):
    series = Series("upbit", "XRP/KRW", "1h")
    for day, hours in enumerate((20, 24, 2)):  # the first was not asked for whole
        start = START + day * DAY
        Lake(bucket).append(series, flat_table(hours, start, 1.0, "1h"), start, start + hours * HOUR)
    with pytest.warns(DataWarning) as told:
        load("XRP", "2023-12-31")
    assert told[0].filename == __file__


def test_rejected_and_flagged_rows_are_notes():
    done = Fetched(Series("upbit", "BTC/KRW", "1d"), 5, 2, "exchange", flagged=1, note="gives only its last 3")
    first, second, third = _notes(done)
    assert first == "upbit BTC/KRW 1d: gives only its last 3"
    assert "2 rows were rejected" in second
    assert "1 rows jump" in third


def test_sql_answers_with_a_frame_that_joins(bucket):
    mine = pd.DataFrame({"market": ["BTC/KRW"], "weight": [2.0]})
    found = sql("select ts, close * weight as worth from candles join mine using (market) order by ts", mine=mine)
    assert isinstance(found, Frame)
    assert found["worth"].tolist() == [14.0] * 5
    assert found["ts"].dtype == load("BTC")["BTC"].index.dtype
    assert sql("select $n as n", n=3, bucket=bucket)["n"].tolist() == [3]


def test_a_saved_set_is_fetched_loaded_and_listed_by_its_name(lake, sandbox, capsys):
    bucket, at = lake.bucket, {"bucket": lake.bucket, "endpoint": sandbox.url}
    save_market_set(bucket, "majors", "upbit", ["BTC/KRW", "ETH/KRW"])
    assert list(download("@majors", "2024-01-01", "2024-01-03", **at)) == ["BTC/KRW", "ETH/KRW"]
    assert list(load("@Majors", bucket=bucket)) == ["BTC/KRW", "ETH/KRW"]
    where, days = ["--bucket", str(bucket.url), "--json"], ["--start", "2024-01-01", "--end", "2024-01-04"]
    assert run_command(["fetch", "--symbols", "@majors", *days, "--endpoint", sandbox.url, *where]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert run_command(["data", "status", "--symbols", "@majors", *where]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    with pytest.raises(UnknownName, match="did you mean '@majors'"):
        load("@majros", bucket=bucket)
