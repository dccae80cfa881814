"""Absurd jumps are stored and flagged, wherever the candle before them is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_core.lake.jumps import AdjacentCandles, jumps
from cqs_core.lake.series_table import candle_table
from cqs_core.time.intervals import HOUR

BTC = Series("upbit", "BTC/KRW", "1h")
EIGHT = [100.0, 101.0, 5000.0, 5100.0, 99.0, 100.0, 102.0, 1.0]
WILD = [2, 4, 7]


def hours(closes, first=0):
    ts = (first + np.arange(len(closes))) * HOUR
    return candle_table(ts, np.column_stack([closes] * 4 + [np.ones(len(closes))]))


def opens(rejects):
    return [int(reject.row[0] // HOUR) for reject in rejects]


def test_a_close_ten_times_the_one_before_is_flagged_and_so_is_a_tenth():
    assert opens(jumps(hours(EIGHT))) == WILD
    assert jumps(hours([100.0, 999.0, 100.0])) == []
    assert jumps(hours([])) == []


@given(st.lists(st.integers(1, 7), unique=True), st.randoms())
def test_cut_into_answers_that_come_in_any_order_the_same_are_flagged(cuts, random):
    edges = [0, *sorted(cuts), 8]
    parts = list(itertools.pairwise(edges))
    backwards = random.random() < 0.5
    neighbours, found = AdjacentCandles(Bucket("memory://jumps"), []), []
    for low, high in reversed(parts) if backwards else parts:
        found += opens(neighbours.jumps(hours(EIGHT[low:high], low)))
    assert sorted(found) == WILD


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
def test_what_the_lake_has_counts_on_both_sides(tmp_path, order):
    lake, found = Lake(Bucket(tmp_path)), []
    for part in order:
        low = 2 * part
        table = hours(EIGHT[low : low + 2], low)
        found += opens(AdjacentCandles(lake.bucket, lake.objects(BTC)).jumps(table))
        lake.append(BTC, table, low * HOUR, (low + 2) * HOUR)
    assert set(found) >= set(WILD)  # where a hole is filled later, what lay beyond it had been flagged against it


def test_a_neighbour_may_lie_within_an_object(tmp_path):
    lake = Lake(Bucket(tmp_path))
    around = hours(EIGHT).take([0, 1, 6, 7])
    lake.append(BTC, around, 0, 8 * HOUR)
    assert opens(AdjacentCandles(lake.bucket, lake.objects(BTC)).jumps(hours(EIGHT[2:6], 2))) == [2, 4]
    assert opens(AdjacentCandles(lake.bucket, lake.objects(BTC)).jumps(hours([9000.0], 5))) == [5, 6]


def test_an_object_that_vanished_flags_nothing(tmp_path):
    lake = Lake(Bucket(tmp_path))
    lake.append(BTC, hours([1.0]), 0, HOUR)
    neighbours = AdjacentCandles(lake.bucket, lake.objects(BTC))
    lake.bucket.delete([o.key for o in lake.objects(BTC)])
    assert neighbours.jumps(hours([100.0], 1)) == []
