"""Times as users type them."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import UsageError
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR

NEW_YEAR = 1_704_067_200_000  # 2024-01-01T00:00Z
NAIVE = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - what users of pandas hand over
SEOUL = dt.timezone(dt.timedelta(hours=9))
moments = st.integers(0, 7_258_000_000_000).map(lambda ms: dt.datetime.fromtimestamp(ms / 1000, dt.UTC))


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01",
        " 2024-01-01 ",
        "20240101",
        "2024-W01-1",
        "2024-01-01T00:00",
        "2024-01-01 00:00:00Z",
        "2024-01-01T09:00+09:00",
        dt.date(2024, 1, 1),
        NAIVE,
        dt.datetime(2024, 1, 1, 9, tzinfo=SEOUL),
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.Timestamp("2024-01-01 09:00", tz="Asia/Seoul"),
    ],
    ids=str,
)
def test_a_start_may_be_written_in_many_ways_and_naive_means_utc(text):
    assert clock.parse_start(text) == NEW_YEAR


@pytest.mark.parametrize("text", ["2023-12-31", "20231231", "2023-W52-7", dt.date(2023, 12, 31)], ids=str)
def test_a_bare_date_as_end_includes_that_day(text):
    assert clock.parse_end(text) == NEW_YEAR


@pytest.mark.parametrize("text", ["2024-01-01T00:00", "20240101T0000", NAIVE], ids=str)
def test_a_time_as_end_does_not_include_itself(text):
    assert clock.parse_end(text) == NEW_YEAR


def test_nothing_is_an_open_end():
    assert clock.parse_range(None, None) == (None, None)
    assert clock.parse_start(None) is clock.parse_end(None) is None


def test_one_day_is_a_range_but_the_wrong_way_round_is_not():
    assert clock.parse_range("2024-01-01", "2024-01-01") == (NEW_YEAR, NEW_YEAR + DAY)
    with pytest.raises(UsageError, match="start '2024-01-02' is not before end '2024-01-01'; swap them"):
        clock.parse_range("2024-01-02", "2024-01-01")
    with pytest.raises(UsageError, match="is not before"):
        clock.parse_range("2024-01-01T00:00", "2024-01-01T00:00")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2024-13-01", "2024-02-30", "2024", "01/02/2024", "2024-01-01T25:00", "١٢"]
)
def test_what_is_no_date_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"is not a date; write 2024-01-31 or 2024-01-31T09:00"):
        clock.parse_start(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31", "2200-01-01", "9999-12-31", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("parse", [clock.parse_start, clock.parse_end])
def test_years_that_no_candle_has_are_refused(parse, text):
    with pytest.raises(UsageError, match="is outside the years 1970 to 2199; leave it out"):
        parse(text)


@given(moments)
def test_iso_is_read_back_to_the_millisecond(at):
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    ts = clock.parse_start(at)
    assert clock.iso(ts) == at.isoformat()
    assert clock.parse_start(clock.iso(ts)) == ts


def test_iso_says_utc():
    assert clock.iso(NEW_YEAR + 9 * HOUR) == "2024-01-01T09:00:00+00:00"
    assert clock.iso_or_none(None) is None


def test_now_is_now():
    assert abs(clock.now() - dt.datetime.now(dt.UTC).timestamp() * 1000) < 5000


def test_a_day_begins_in_its_time_zone():
    day = dt.date(1970, 1, 2)
    assert clock.midnight(day, "UTC") == DAY
    assert clock.midnight(day, "Asia/Seoul") == DAY - 9 * HOUR
