"""Longer candles out of shorter ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series, UsageError
from cqs_core.lake.cleaning import Reject
from cqs_core.lake.rejects import quarantine
from cqs_core.lake.resampling import resample
from cqs_core.lake.series_table import candle_table, stamps
from cqs_core.lake.spans import Spans
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE

START = clock.parse_start("2024-01-01")  # a Monday


def hours(n, start=START, step=HOUR, seed=3):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    opened = np.r_[100.0, close[:-1]]
    high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
    return candle_table(start + step * np.arange(n), np.column_stack([opened, high, low, close, rng.uniform(0, 5, n)]))


RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


@pytest.mark.parametrize(("interval", "rule"), [("4h", "4h"), ("1d", "1D"), ("1w", "W-MON"), ("1M", "MS")])
def test_it_agrees_with_pandas(interval, rule):
    table = hours(31 * 24)
    frame = table.to_pandas().set_index("ts")
    want = frame.resample(rule, closed="left", label="left").agg(RULES)
    have = resample(table, interval).table.to_pandas().set_index("ts")
    whole = want.loc[have.index]
    assert len(have) == {"4h": 186, "1d": 31, "1w": 4, "1M": 1}[interval]
    pd.testing.assert_frame_equal(have, whole, check_freq=False, check_index_type=False, rtol=1e-12)


def test_incomplete_bars_are_left_out():
    table = hours(50, START + 5 * HOUR)
    assert stamps(resample(table, "1d").table).tolist() == [START + DAY]
    known = Spans.of([(START, START + 3 * DAY)])  # answered whole: the hours that lack did not trade
    assert stamps(resample(table, "1d", known).table).tolist() == [START, START + DAY, START + 2 * DAY]


def test_a_hole_that_was_never_asked_makes_its_bar_incomplete():
    table = hours(72)
    known = Spans.of([(START, START + 30 * HOUR), (START + 31 * HOUR, START + 72 * HOUR)])
    assert stamps(resample(table, "1d", known).table).tolist() == [START, START + 2 * DAY]
    assert len(resample(table, "4h", known).table) == 17


def test_days_begin_where_the_house_says():
    table = hours(72)
    days = resample(table, "1d", day_start=15 * HOUR).table
    assert stamps(days).tolist() == [START + 15 * HOUR, START + 39 * HOUR]
    assert days["open"].to_pylist() == [table["open"][15].as_py(), table["open"][39].as_py()]


@pytest.fixture
def lake(tmp_path):
    lake = Lake(Bucket(tmp_path))
    lake.append(Series("upbit", "BTC/KRW", "1h"), hours(240), START, START + 240 * HOUR)
    lake.append(Series("upbit", "BTC/KRW", "1m"), hours(600, step=MINUTE), START, START + 600 * MINUTE)
    return lake


def test_an_interval_that_is_not_stored_is_derived_from_the_longest_that_divides_it(lake):
    days = lake.derive(Series("upbit", "BTC/KRW", "1d"))
    assert len(days) == 10
    assert days["close"][0].as_py() == lake.read(Series("upbit", "BTC/KRW", "1h"))["close"][23].as_py()
    assert len(lake.derive(Series("upbit", "BTC/KRW", "15m"))) == 40
    assert len(lake.derive(Series("upbit", "ETH/KRW", "1d"), missing_ok=True)) == 0


def test_a_derived_range_is_by_the_bars_open(lake):
    days = lake.derive(Series("upbit", "BTC/KRW", "1d"), START + HOUR, START + 3 * DAY)
    assert stamps(days).tolist() == [START + DAY, START + 2 * DAY]


def test_stored_days_do_not_serve_a_house_with_another_day(lake):
    lake.append(Series("upbit", "BTC/KRW", "1d"), hours(10, step=DAY), START, START + 10 * DAY)
    series = Series("upbit", "BTC/KRW", "1d")
    assert len(lake.derive(series)) == 10
    moved = lake.derive(series, day_start=15 * HOUR)
    assert stamps(moved)[0] == START + 15 * HOUR
    assert len(moved) == 9


HOURS = Series("upbit", "BTC/KRW", "1h")


def test_a_day_of_a_file_that_lacks_hours_is_no_day(tmp_path):
    lake, table = Lake(Bucket(tmp_path)), hours(72)
    lake.append(
        HOURS,
        table.filter(np.r_[np.ones(30, bool), np.zeros(4, bool), np.ones(38, bool)]),
        START,
        START + 3 * DAY,
        "import",
    )
    days = stamps(lake.derive(HOURS._replace(interval="1d"))).tolist()
    assert days == [START, START + 2 * DAY]
    lake.append(HOURS, table.slice(30, 4), START + 30 * HOUR, START + 34 * HOUR)
    assert len(lake.derive(HOURS._replace(interval="1d"))) == 3


def test_a_day_of_which_a_candle_was_refused_is_no_day(tmp_path):
    lake, table = Lake(Bucket(tmp_path)), hours(48)
    lake.append(HOURS, table.filter(np.arange(48) != 30), START, START + 2 * DAY)
    assert len(lake.derive(HOURS._replace(interval="1d"))) == 2
    bad = [Reject([float(START + 30 * HOUR), 1.0, 1.0, 1.0, -1.0, 1.0], "price")]
    quarantine(lake.bucket, HOURS, bad, (START, START + 2 * DAY), "exchange")
    assert stamps(lake.derive(HOURS._replace(interval="1d"))).tolist() == [START]


def test_an_interval_of_which_only_emptiness_is_stored_is_derived(tmp_path):
    lake = Lake(Bucket(tmp_path))
    lake.append(HOURS, hours(48), START, START + 2 * DAY)
    lake.append(HOURS._replace(interval="1d"), hours(1).slice(1), START - 9 * DAY, START)
    assert len(lake.derive(HOURS._replace(interval="1d"))) == 2


def test_weeks_and_months_of_seoul_begin_at_its_midnight():
    seoul, table = 15 * HOUR, hours(60 * 24)
    known = Spans.of([(START - DAY, START + 70 * DAY)])
    week, month = (stamps(resample(table, interval, known, seoul).table) for interval in ("1w", "1M"))
    assert {pd.Timestamp(int(at), unit="ms", tz="UTC").tz_convert("Asia/Seoul").strftime("%a %H") for at in week} == {
        "Mon 00"
    }
    assert {pd.Timestamp(int(at), unit="ms", tz="UTC").tz_convert("Asia/Seoul").strftime("%d %H") for at in month} == {
        "01 00"
    }


MINUTES = Series("upbit", "BTC/KRW", "1m")


def test_each_stretch_comes_from_whatever_covers_it(tmp_path):
    lake = Lake(Bucket(tmp_path))
    old, switch = hours(36), START + 36 * HOUR
    lake.append(HOURS, old, START, switch)
    new = hours(36 * 60, switch, step=MINUTE)
    lake.append(MINUTES, new, switch, switch + 36 * HOUR)
    found = lake.derived(HOURS._replace(interval="1d"))
    assert (stamps(found.table).tolist(), found.sources) == ([START, START + DAY, START + 2 * DAY], ["1h", "1m"])
    assert found.table["open"][1].as_py() == old["open"][24].as_py()  # the day in which the minutes begin
    assert found.table["close"][1].as_py() == new["close"][12 * 60 - 1].as_py()
    assert len(lake.derive(HOURS)) == 72


def test_bars_that_are_left_out_are_told(tmp_path):
    lake, table = Lake(Bucket(tmp_path)), hours(96)
    lake.append(HOURS, table.slice(0, 30), START, START + 30 * HOUR)
    lake.append(HOURS, table.slice(31), START + 31 * HOUR, START + 96 * HOUR)
    found = lake.derived(HOURS._replace(interval="1d"))
    assert found.incomplete.tolist() == [START + DAY]
    assert found.note.startswith("1 bar is left out of upbit BTC/KRW 1d, the first at 2024-01-02T00:00 UTC")


def test_why_bars_are_left_out_is_told(tmp_path):
    lake, table = Lake(Bucket(tmp_path)), hours(10 * 24)
    rows = np.arange(len(table))
    lake.append(HOURS, table.filter((rows < 96) & (rows != 30) & (rows != 50)), START, START + 4 * DAY, "import")
    lake.append(HOURS, table.filter((rows >= 5 * 24) & (rows != 130)), START + 5 * DAY, START + 10 * DAY)
    bad = [Reject([float(START + 130 * HOUR), 1.0, 1.0, 1.0, -1.0, 1.0], "price")]
    quarantine(lake.bucket, HOURS, bad, (START, START + 2 * DAY), "exchange")
    found = lake.derived(HOURS._replace(interval="1d")).left_out
    days = [(int(at) - START) // DAY for at in found.opens]
    assert list(zip(days, found.reasons.tolist(), strict=True)) == [
        (1, "not_in_file"),
        (2, "not_in_file"),
        (4, "never_fetched"),
        (5, "refused"),
    ]
    for part in ("4 bars", "2 not in the imported files", "--absent no-trade", "1 never fetched", "1 refused"):
        assert part in str(found)


def test_the_bars_in_which_stored_candles_begin_and_end_are_not_told(tmp_path):
    lake = Lake(Bucket(tmp_path))
    lake.append(HOURS, hours(80, START + 5 * HOUR), START + 5 * HOUR, START + 85 * HOUR)
    assert lake.derived(HOURS._replace(interval="1d")).left_out is None
    assert lake.derived(HOURS._replace(interval="1d"), START - 90 * DAY, START + 90 * DAY).left_out is None


def test_where_no_bar_is_whole_the_error_says_why(tmp_path):
    lake, table = Lake(Bucket(tmp_path)), hours(96)
    lake.append(HOURS, table.filter(np.arange(96) % 5 != 0), START, START + 96 * HOUR, "import")
    with pytest.raises(UsageError, match=r"no candle of upbit BTC/KRW 1d is whole: .* --absent no-trade"):
        lake.export(tmp_path / "days.csv", HOURS._replace(interval="1d"))
    with pytest.raises(UsageError, match="is whole"):
        lake.candles("upbit", ["BTC/KRW"], "1d")


def test_a_sparse_series_with_a_hundred_holes_reads_the_shorter_one_once(tmp_path, monkeypatch):
    """Not once a hole: a year of sparse minutes has a hundred thousand."""
    lake, fine = Lake(Bucket(tmp_path)), hours(40 * 60, step=MINUTE)
    lake.append(MINUTES, fine, START, START + 40 * HOUR)
    own = resample(fine, "5m").table
    keep = np.arange(len(own)) % 4 != 1
    keep[-1] = True
    lake.append(MINUTES._replace(interval="5m"), own.filter(keep), START, START + 40 * HOUR, "import")
    reads = []
    read = Lake.read
    monkeypatch.setattr(Lake, "read", lambda *args, **named: (reads.append(args[1].interval), read(*args, **named))[1])
    found = lake.derived(MINUTES._replace(interval="1h"))
    assert reads == ["5m", "1m"]
    pd.testing.assert_frame_equal(found.table.to_pandas(), resample(fine, "1h").table.to_pandas(), rtol=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))),
)
def test_ranges_minus_ranges(a, b):
    def cells(spans):
        return {n for low, high in zip(*spans, strict=True) for n in range(low, high)}

    left, right = Spans.of(a), Spans.of(b)
    assert cells(left.minus(right)) == cells(left) - cells(right)
    assert cells(left.without(3, 30)) == set(range(3, 30)) - cells(left)
