"""PnL of weeks and months is that of their days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from cqs_monitor.performance.periods import PERIODS, period_frame

FIRST = dt.date(1970, 1, 1)
# two days of one week, the Monday after it, and the first of the next month
DAYS = np.array([(dt.date(2026, m, d) - FIRST).days for m, d in ((11, 27), (11, 29), (11, 30), (12, 1))])
PNL = np.array([1.0, -3.0, 10.0, 100.0])


def sums(by, **options):
    frame = period_frame(DAYS, PNL, {"Main": np.cumsum(PNL)}, by, **options)
    assert frame.index.name == by
    assert frame["Main"].tolist() == frame["total"].tolist()
    return {at.strftime("%m-%d"): total for at, total in frame["total"].items()}


def test_weeks_begin_on_monday_and_months_on_the_first():
    assert sums("day") == {"11-27": 1.0, "11-29": -3.0, "11-30": 10.0, "12-01": 100.0}
    assert sums("week") == {"11-23": -2.0, "11-30": 110.0}
    assert sums("month") == {"11-01": 8.0, "12-01": 100.0}
    assert sums("week", last=1) == {"11-30": 110.0}


@pytest.mark.parametrize("by", PERIODS)
def test_without_days_there_are_no_periods(by):
    assert period_frame(np.array([], np.int64), np.array([]), {}, by).empty
