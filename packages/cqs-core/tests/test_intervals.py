"""The grid on which candles open."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import INTERVALS, UnknownName, parse_interval
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY

names = st.sampled_from(INTERVALS)
stamps = st.integers(-(2 * 365 * DAY), 200 * 365 * DAY)
spans = st.integers(0, 400 * DAY)


def day(ts: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=ts // DAY)


@given(names, stamps)
def test_a_stamp_lies_in_its_candle(interval, ts):
    start = intervals.floor(interval, ts)
    assert start <= ts < intervals.next_open(interval, ts)
    assert intervals.floor(interval, start) == start


@given(names, stamps)
def test_candles_follow_one_another_without_holes(interval, ts):
    start, after = intervals.floor(interval, ts), intervals.next_open(interval, ts)
    assert intervals.floor(interval, after - 1) == start
    assert intervals.floor(interval, after) == after


@given(names, stamps)
def test_ceil_is_the_first_open_not_before(interval, ts):
    up = intervals.ceil(interval, ts)
    assert ts <= up < intervals.next_open(interval, ts) + 1
    assert intervals.floor(interval, up) == up


@given(names, stamps, st.integers(-500, 500), st.integers(-500, 500))
def test_steps_add_up(interval, ts, n, m):
    stepped = intervals.next_open(interval, intervals.next_open(interval, ts, n), m)
    assert stepped == intervals.next_open(interval, ts, n + m)


@given(st.sampled_from([i for i in INTERVALS if i not in ("1m", "5m", "15m")]), stamps, spans)
def test_count_and_opens_agree(interval, start, span):
    found = intervals.opens(interval, start, start + span)
    assert len(found) == intervals.count(interval, start, start + span)
    assert found.dtype == np.int64
    assert intervals.on_grid(interval, found).all()
    assert ((start <= found) & (found < start + span)).all()
    assert (np.diff(found) > 0).all()


@given(names, stamps, st.integers(0, 300))
def test_count_counts_steps(interval, ts, n):
    start = intervals.floor(interval, ts)
    assert intervals.count(interval, start, intervals.next_open(interval, start, n)) == n
    assert intervals.count(interval, start, start) == intervals.count(interval, start + 1, start) == 0


@given(stamps)
def test_weeks_open_on_monday_and_months_on_the_first(ts):
    assert day(intervals.floor("1w", ts)).isoweekday() == 1
    assert day(intervals.floor("1M", ts)).day == 1
    assert day(intervals.floor("1M", ts)).month == day(ts).month


@given(names, st.lists(stamps, max_size=20))
def test_on_grid_says_which_stamps_are_opens(interval, found):
    mixed = np.array([*found, *(intervals.floor(interval, ts) for ts in found)], dtype=np.int64)
    wanted = [intervals.floor(interval, int(ts)) == ts for ts in mixed]
    assert intervals.on_grid(interval, mixed).tolist() == wanted


def test_february_has_its_own_length():
    leap = intervals.next_open("1M", 0, (2024 - 1970) * 12 + 1)
    assert day(leap) == dt.date(2024, 2, 1)
    assert (intervals.next_open("1M", leap) - leap) // DAY == 29


@pytest.mark.parametrize(
    ("text", "interval"),
    [("1m", "1m"), ("1M", "1M"), ("day", "1d"), ("minute240", "4h"), ("week", "1w"), ("month", "1M")],
)
def test_aliases_are_understood(text, interval):
    assert parse_interval(text) == interval


@pytest.mark.parametrize(("text", "meant"), [("1D", "1d"), ("1H", "1h"), ("Day", "day")])
def test_those_that_are_only_written_large_are_named(text, meant):
    with pytest.raises(UnknownName, match=f"did you mean '{meant}'"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["", "7m", "1 d", "d", "minute2", "１d"])
def test_other_names_are_refused_with_the_list(text):
    with pytest.raises(UnknownName, match=r"there are: 1m, 3m, 5m, 10m, .* 12h, 1d, 3d, 1w, 1M"):
        parse_interval(text)
