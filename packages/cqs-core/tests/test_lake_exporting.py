"""Candles out of the lake as files, and as the neighbours' files."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series, UsageError
from cqs_core.lake.series_table import candle_table
from cqs_core.testing.candles import flat_table
from cqs_core.time import clock
from cqs_core.time.intervals import DAY

START = clock.parse_start("2024-01-01")
BTC = Series("upbit", "BTC/KRW", "1d")


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "bucket").mkdir()
    lake = Lake(Bucket(tmp_path / "bucket"))
    values = [[10.5, 12.0, 9.25, 11.0, 1e-8], [11.0, 13.0, 10.0, 12.1, 5.0]]
    for market in ("BTC/KRW", "BTC/USDT"):
        table = candle_table(np.array([START, START + DAY]), np.array(values))
        lake.append(BTC._replace(market=market), table, START, START + 2 * DAY, source="endpoint")
    return lake


def test_csv_says_its_times_in_iso(lake, tmp_path):
    lake.export(tmp_path / "a.csv", BTC, START + DAY)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == ["timestamp,open,high,low,close,volume", "2024-01-02T00:00:00+00:00,11.0,13.0,10.0,12.1,5.0"]


def test_exported_days_begin_where_the_house_says(lake, tmp_path, monkeypatch):
    hours = Series("upbit", "BTC/KRW", "1h")
    lake.append(hours, flat_table(72, START, interval="1h"), START, START + 3 * DAY)
    monkeypatch.setenv("CQS_DAY_START", "15:00")
    assert lake.export(tmp_path / "a.csv", BTC) == 2
    assert [line[:16] for line in (tmp_path / "a.csv").read_text().splitlines()[1:]] == [
        "2024-01-01T15:00",
        "2024-01-02T15:00",
    ]


def test_what_cannot_be_exported_is_refused(lake, tmp_path):
    with pytest.raises(UsageError, match=r"name a \.csv or \.parquet file"):
        lake.export(tmp_path / "a.xlsx", BTC)
    with pytest.raises(UsageError, match="no folder"):
        lake.export(tmp_path / "no" / "a.csv", BTC)
    with pytest.raises(UsageError, match="cqs fetch"):
        lake.export(tmp_path / "a.csv", BTC._replace(interval="1h"))


def test_the_home_market_is_published_with_its_source(lake):
    assert [one.key for one in lake.publish()] == ["data/processed/BTC_1d.parquet"]
    path = lake.bucket.folder / "data" / "processed" / "BTC_1d.parquet"
    frame = pd.read_parquet(path)
    assert list(frame.columns) == ["timestamp", "open", "high", "low", "close", "volume"]
    assert str(frame["timestamp"].dtype) == "datetime64[ms, UTC]"
    about = pq.read_schema(path).metadata
    assert about[b"cqs.sources"] == b"endpoint"
    assert about[b"cqs.series"] == b"upbit BTC/KRW 1d"


def test_other_intervals_are_published_where_asked(lake, monkeypatch):
    monkeypatch.setenv("CQS_PUBLISH", "1h")
    assert lake.publish() == []


def test_through_a_link_what_it_leads_to_is_written_and_a_pipe_is_refused(lake, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
    (tmp_path / "target.csv").write_text("old")
    lake.export(tmp_path / "link.csv", BTC)
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "target.csv").read_text().startswith("timestamp,")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UsageError, match="not a file that can be replaced"):
        lake.export(tmp_path / "pipe.csv", BTC)


def earlier(lake, days, scale=1.0, name="BTC_1d.parquet"):
    """A file that another program published."""
    ts = pd.to_datetime(pd.Series(days) * 86_400_000, unit="ms", utc=True)
    prices = pd.DataFrame({f: (100.0 + pd.Series(days)) * scale for f in ("open", "high", "low", "close", "volume")})
    prices.insert(0, "timestamp", ts)
    lake.bucket.write(f"data/processed/{name}", prices.to_parquet())


def test_publishing_never_loses_candles_of_an_earlier_file(lake):
    lake.delete(BTC)
    earlier(lake, range(3000))
    table = candle_table(np.arange(2990, 3005) * 86_400_000, np.full((15, 5), 7.0))
    lake.append(BTC, table, 2990 * 86_400_000, 3005 * 86_400_000)
    for _ in range(2):  # the second time it is our own file that is replaced
        [done] = lake.publish()
        assert (done.rows, done.kept, done.differ) == (3005, 2990, 10)
    path = lake.bucket.folder / "data" / "processed" / "BTC_1d.parquet"
    assert pd.read_parquet(path)["close"].tolist() == [100.0 + n for n in range(2990)] + [7.0] * 15
    assert len(pd.read_parquet(lake.bucket.folder / "data" / "foreign" / "BTC_1d.parquet")) == 3000


def test_times_that_an_earlier_file_has_twice_are_read_once_and_told(lake):
    lake.delete(BTC)
    earlier(lake, [*range(10), 9, 9])
    lake.append(BTC, candle_table(np.array([10 * 86_400_000]), np.ones((1, 5))), 864_000_000, 950_400_000)
    [done] = lake.publish()
    assert (done.rows, done.doubled) == (11, 2)
    assert "2 candles were in it more than once" in done.note
