"""Candles out of the lake as files, and as the neighbours' files."""

from __future__ import annotations

import os

import pandas as pd
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series, UsageError, times
from cqs_core.intervals import DAY
from cqs_core.lake.table import candle_table
from cqs_core.testing.candles import flat_table

START = times.parse_start("2024-01-01")
BTC = Series("upbit", "BTC/KRW", "1d")


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "bucket").mkdir()
    lake = Lake(Bucket(tmp_path / "bucket"))
    values = [[10.5, 12.0, 9.25, 11.0, 1e-8], [11.0, 13.0, 10.0, 12.1, 5.0]]
    for market in ("BTC/KRW", "BTC/USDT"):
        import numpy as np

        table = candle_table(np.array([START, START + DAY]), np.array(values))
        lake.append(BTC._replace(market=market), table, START, START + 2 * DAY, source="endpoint")
    return lake


@pytest.mark.parametrize("name", ["btc.csv", "btc.parquet"])
def test_what_is_exported_can_be_imported_again(lake, name, tmp_path):
    assert lake.export(tmp_path / name, BTC) == 2
    other = Lake(Bucket(tmp_path))
    other.import_file(tmp_path / name, BTC)
    assert other.verify()[0].sha256 == lake.verify([BTC])[0].sha256
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".tmp")]


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
    with pytest.raises(UsageError, match="none of the formats"):
        lake.export(tmp_path / "a.xlsx", BTC)
    with pytest.raises(UsageError, match="no folder"):
        lake.export(tmp_path / "no" / "a.csv", BTC)
    with pytest.raises(UsageError, match="cqs fetch"):
        lake.export(tmp_path / "a.csv", BTC._replace(interval="1h"))


def test_the_home_market_is_published_with_its_source(lake):
    assert lake.publish() == ["data/processed/BTC_1d.parquet"]
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
    with pytest.raises(UsageError, match="no file that could be replaced"):
        lake.export(tmp_path / "pipe.csv", BTC)
