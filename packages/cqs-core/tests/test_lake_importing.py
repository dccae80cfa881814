"""Candles out of other people's files."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pytest

from cqs_core import Bucket, Lake, Series, UsageError, times
from cqs_core.intervals import DAY, HOUR
from cqs_core.lake.importing import import_file
from cqs_core.lake.quarantine import quarantined
from cqs_core.lake.table import candle_table, stamps

SERIES = Series("upbit", "BTC/KRW", "1d")
FIRST = times.parse_start("2024-01-01")


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "bucket").mkdir()
    return Lake(Bucket(tmp_path / "bucket"))


@pytest.fixture
def frame():
    """Ten days, without a time column."""
    n = np.arange(10.0)
    return pd.DataFrame({"open": 10 + n, "high": 12 + n, "low": 9 + n, "close": 11 + n, "volume": n})


def opens(zone=None, hour=0):
    return pd.date_range(f"2024-01-01 {hour:02}:00", periods=10, freq="D", tz=zone)


WRITERS = {
    "iso.csv": lambda f, p: f.assign(timestamp=opens("UTC").strftime("%Y-%m-%dT%H:%M:%S+00:00")).to_csv(p, index=False),
    "naive.csv": lambda f, p: f.assign(Date=opens()).to_csv(p, index=False),
    "seconds.csv": lambda f, p: f.assign(ts=FIRST // 1000 + 86_400 * np.arange(10)).to_csv(p, index=False),
    "milliseconds.csv.gz": lambda f, p: f.assign(open_time=FIRST + DAY * np.arange(10)).to_csv(p, index=False),
    "zoned.parquet": lambda f, p: f.assign(datetime=opens("Asia/Seoul", 9)).to_parquet(p),
    "index.parquet": lambda f, p: f.set_index(opens()).to_parquet(p),
    "KRW-BTC_day.parquet": lambda f, p: f.set_index(opens(hour=9).rename("datetime")).to_parquet(p),
    "BTC_KRW-1d.feather": lambda f, p: f.assign(date=opens("UTC")).to_feather(p),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_time_column_is_found(name, frame, lake, tmp_path):
    WRITERS[name](frame, tmp_path / name)
    done = import_file(lake, tmp_path / name, SERIES)
    table = lake.read(SERIES)
    assert (done.rows, done.rejected) == (10, 0)
    assert stamps(table).tolist() == [FIRST + i * DAY for i in range(10)]
    assert table["close"].to_pylist() == frame["close"].tolist()
    assert {o.source for o in lake.objects(SERIES)} == {"import"}


def test_naive_times_may_be_given_a_zone(frame, lake, tmp_path):
    frame.assign(date=opens(hour=9)).to_csv(tmp_path / "seoul.csv", index=False)
    with pytest.raises(UsageError, match=r"off_grid.*--zone"):
        import_file(lake, tmp_path / "seoul.csv", SERIES)
    assert import_file(lake, tmp_path / "seoul.csv", SERIES, "Asia/Seoul").rows == 10


def test_bad_rows_go_to_quarantine(frame, lake, tmp_path):
    frame.loc[4, "low"] = -1
    frame["close"] = frame["close"].astype(object)
    frame.loc[6, "close"] = "n/a"
    frame.assign(ts=opens()).to_csv(tmp_path / "bad.csv", index=False)
    assert import_file(lake, tmp_path / "bad.csv", SERIES).rejected == 2
    assert sorted(q.reason for q in quarantined(lake.bucket, SERIES)) == ["not_a_number", "price"]
    assert len(lake.read(SERIES)) == 8


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "x", "none of the formats"),
        ("a.parquet", "not parquet", "cannot be read as parquet"),
        ("a.csv", "ts,open\n1,2\n", "no column 'high'"),
        ("a.csv", "when,open,high,low,close,volume\n1,2,3,1,2,1\n", "no time column"),
        ("a.csv", "ts,open,high,low,close,volume\n", "it has none"),
        ("a.csv", "ts,open,high,low,close,volume\nyesterday,2,3,1,2,1\n", "cannot be read; write"),
        ("a.csv", "ts,open,high,low,close,volume\n01/02/2024,2,3,1,2,1\n", "cannot be read; write"),
        ("a.csv", "ts,open,high,low,close,volume\n45300,2,3,1,2,1\n", "no Unix times"),
        ("a.csv", "ts,open,high,low,close,volume\n,2,3,1,2,1\n", "no Unix times"),
        ("a.csv", "ts,Open,open,high,low,close,volume\n1,2,2,3,1,2,1\n", "more than one column 'open'"),
        ("a.csv.gz", "no gzip", "cannot be read as csv"),
    ],
)
def test_what_is_no_file_of_candles_is_refused(name, text, message, lake, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        import_file(lake, tmp_path / name, SERIES)
    assert lake.bucket.list() == []


@pytest.mark.parametrize("damage", range(60))
def test_a_spoiled_archive_is_refused_or_read(damage, frame, lake, tmp_path):
    path = tmp_path / "a.csv.gz"
    frame.assign(ts=opens()).to_csv(path, index=False)
    data, chance = bytearray(path.read_bytes()), np.random.default_rng(damage)
    for _ in range(3):
        data[chance.integers(10, len(data))] ^= 1 << chance.integers(8)
    path.write_bytes(bytes(data))
    with contextlib.suppress(UsageError):  # whatever else is raised is a traceback for the user
        import_file(lake, path, SERIES)


def days(n, hours):
    return candle_table(FIRST + np.arange(n, dtype=np.int64) * hours * HOUR, np.tile([2.0, 3.0, 1.0, 2.0, 1.0], (n, 1)))


@pytest.mark.parametrize(
    ("hours", "interval", "told"), [(1, "1d", "are no opens of '1d', only 10"), (24, "1h", "apart")]
)
def test_candles_of_another_interval_are_refused(lake, tmp_path, hours, interval, told):
    other = Lake(Bucket(tmp_path / "other"))
    stored = SERIES._replace(interval="1h" if hours == 1 else "1d")
    other.append(stored, days(240 // hours, hours), FIRST, FIRST + 10 * DAY)
    other.export(tmp_path / "a.parquet", stored)
    series = SERIES._replace(interval=interval)
    with pytest.raises(UsageError, match=told):
        import_file(lake, tmp_path / "a.parquet", series)
    assert lake.bucket.list() == []


def test_a_missing_file_is_refused(lake):
    with pytest.raises(UsageError, match="no file"):
        import_file(lake, "/nowhere.csv", SERIES)
