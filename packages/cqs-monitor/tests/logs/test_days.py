"""Days, weeks and months of bots, each by its own calendar."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import UsageError
from cqs_monitor.logs.days import date_of, day_of, hours, label, local_days, read_clock, start_of, today, zone_label

NINE, SEOUL, BERLIN = read_clock("09:00"), "Asia/Seoul", "Europe/Berlin"
KST = ZoneInfo(SEOUL)
MOMENTS = st.integers(7_305 * 86_400, 47_000 * 86_400).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))


def microseconds(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


@given(MOMENTS)
def test_a_trading_day_from_nine_is_the_utc_day(at):
    assert date_of(local_days(np.array([microseconds(at)]), SEOUL, NINE)[0]) == at.date()


@given(MOMENTS)
def test_a_day_from_midnight_is_the_korean_calendar_day(at):
    assert date_of(local_days(np.array([microseconds(at)]), SEOUL)[0]) == at.astimezone(KST).date()


@given(MOMENTS)
def test_hours_are_korean(at):
    assert hours(np.array([microseconds(at)]), SEOUL)[0] == at.astimezone(KST).hour


@given(DATES)
def test_labels_sort_as_the_days_do_and_a_week_has_seven(date):
    day = day_of(date)
    assert date_of(day) == date
    assert label(day, "week") == f"{date.isocalendar().year:04d}-W{date.isocalendar().week:02d}"
    assert label(day, "month") == date.isoformat()[:7]
    assert label(day, "week") <= label(day + 1, "week") <= label(day + 7, "week")
    monday = day - date.weekday()
    assert len({label(d, "week") for d in range(monday, monday + 7)}) == 1
    assert label(monday - 1, "week") != label(monday, "week") != label(monday + 7, "week")


def test_the_last_days_of_a_year_may_be_of_the_first_week_of_the_next():
    assert label(day_of(dt.date(2024, 12, 30)), "week") == "2025-W01"
    assert label(day_of(dt.date(2027, 1, 3)), "week") == "2026-W53"


def test_today_is_korean():
    evening = int(dt.datetime(2025, 10, 20, 16, 0, tzinfo=dt.UTC).timestamp() * 1000)
    assert date_of(today(evening, SEOUL)) == dt.date(2025, 10, 21)
    assert date_of(today(evening, SEOUL, NINE)) == dt.date(2025, 10, 20)


@pytest.mark.parametrize("text", ["9:00", "24:00", "09:60", "nine", "", "09:00:00"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(UsageError, match="zone of the bot"):
        read_clock(text)


@given(MOMENTS.filter(lambda at: at.year < 2037))  # Arrow knows summer time until then
def test_days_and_hours_follow_a_zone_with_summer_time(at):
    local, found = at.astimezone(ZoneInfo(BERLIN)), np.array([microseconds(at)])
    assert date_of(local_days(found, BERLIN)[0]) == local.date()
    assert hours(found, BERLIN)[0] == local.hour


@given(DATES.filter(lambda date: date.year < 2037))
def test_a_day_begins_at_its_own_midnight(date):
    for zone in (SEOUL, BERLIN, "UTC"):
        begin = start_of(day_of(date), zone)
        assert dt.datetime.fromtimestamp(begin / 1000, ZoneInfo(zone)).date() == date
        assert today(begin, zone) == day_of(date)
        assert today(begin - 1, zone) == day_of(date) - 1


def test_zones_have_the_names_that_people_know():
    assert [zone_label(zone) for zone in (SEOUL, "UTC", "America/Sao_Paulo")] == ["KST", "UTC", "America/Sao_Paulo"]
