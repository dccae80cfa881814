"""The coverage bars of the Data page: what is missing is seen, however many holes there are."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import HOUR
from cqs_data.availability import availability
from cqs_data.views.coverage import _missing_before, coverage_html


def lake_of(folder, keep):
    lake, n = Lake(Bucket(folder)), len(keep)
    table = flat_table(n, interval="1h").filter(keep)
    lake.append(Series("upbit", "<b>/KRW", "1h"), table, 0, n * HOUR)
    return lake


def shares(shown):
    return [float(told) for told in re.findall(r"fill-opacity=.([0-9.]+)", shown)]


def test_a_few_holes_are_drawn_one_by_one(tmp_path):
    keep = np.ones(100, bool)
    keep[[10, 11, 50]] = False
    shown = coverage_html(availability(lake_of(tmp_path, keep)))
    assert shown.count("<rect") == 3
    assert "2 bars, not traded" in shown
    assert "<b>" not in shown


def test_thousands_are_drawn_as_how_much_is_missing_where(tmp_path):
    n = 20_000
    keep = np.random.default_rng(1).random(n) < np.where(np.arange(n) < n // 2, 0.9, 0.3)
    keep[[0, -1]] = True
    known = availability(lake_of(tmp_path, keep))
    assert len(known.holes[known.series[0].series]) > 3_000
    known = replace(known, now=known.series[0].last + HOUR)
    shown = coverage_html(known)
    assert shown.count("<rect") == 121
    assert np.mean(shares(shown)[:55]) == pytest.approx(0.15, abs=0.02)  # a tenth is missing; fainter is not drawn
    assert np.mean(shares(shown)[65:]) == pytest.approx(0.7, abs=0.05)


@given(st.sets(st.integers(0, 40), max_size=20), st.lists(st.integers(-5, 50), min_size=1))
def test_what_is_missing_before_a_moment_is_the_sum_of_the_holes_before_it(missing, moments):
    starts = np.array(sorted(missing), np.int64) * 2
    told = _missing_before(np.array(moments, np.int64), starts, starts + 1)
    assert told.tolist() == [sum(min(max(at - low, 0), 1) for low in starts.tolist()) for at in moments]
