"""Buckets are exact, whatever their length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_panel.charts.buckets import MINUTE, WEEK, Buckets, joined, name_of, step_for

_DAY = 1440 * MINUTE


def candles(at):
    """Candles of one minute at these minutes, with values that tell them apart."""
    ts = np.array(sorted(at), dtype=np.int64) * MINUTE
    rng = np.random.default_rng(len(ts))
    low = rng.uniform(1, 2, len(ts))
    high = low + rng.uniform(0, 1, len(ts))
    return Buckets(
        MINUTE, ts, low + 0.1 * (high - low), high, low, high - 0.1 * (high - low), rng.uniform(0, 5, len(ts))
    )


@given(st.sets(st.integers(0, 3_000), min_size=1, max_size=300), st.sampled_from([3, 5, 15, 60, 240, 1440]))
def test_each_bucket_has_the_first_open_the_last_close_the_extremes_and_the_sum(at, minutes):
    bars, step = candles(at), minutes * MINUTE
    got = bars.gathered(step)
    assert list(got.ts) == sorted({t // step * step for t in bars.ts.tolist()})
    for i, start in enumerate(got.ts):
        inside = bars.between(int(start), int(start) + step)
        assert got.open[i] == inside.open[0]
        assert got.close[i] == inside.close[-1]
        assert got.high[i] == inside.high.max()
        assert got.low[i] == inside.low.min()
        assert got.volume[i] == pytest.approx(inside.volume.sum())


@given(st.sets(st.integers(0, 20_000), min_size=1, max_size=300))
def test_gathering_twice_is_gathering_once(at):
    bars = candles(at)
    twice, once = bars.gathered(15 * MINUTE).gathered(60 * MINUTE), bars.gathered(60 * MINUTE)
    assert (twice.ts == once.ts).all()
    assert (twice.high == once.high).all()
    assert twice.volume == pytest.approx(once.volume)


def test_weeks_begin_on_monday():
    monday = 4 * _DAY
    bars = candles({(monday - MINUTE) // MINUTE, monday // MINUTE})
    assert list(bars.gathered(WEEK).ts) == [monday - WEEK, monday]


def test_nothing_gathers_to_nothing():
    assert len(joined([], MINUTE).gathered(_DAY)) == 0


@pytest.mark.parametrize(
    ("span", "base", "step"),
    [
        (1_000 * MINUTE, MINUTE, MINUTE),
        (1_001 * MINUTE, MINUTE, 3 * MINUTE),
        (5_000_000 * MINUTE, MINUTE, WEEK),
        (100 * _DAY, _DAY, _DAY),
        (100 * _DAY, 7 * _DAY, WEEK),
        (400 * _DAY, 240 * MINUTE, 720 * MINUTE),
        (10_000 * _DAY, 30 * _DAY, 30 * _DAY),
    ],
)
def test_the_bucket_is_the_shortest_that_fits_a_thousand_times(span, base, step):
    assert step_for(span, base, 1_000) == step


def test_buckets_are_named_like_intervals():
    assert [name_of(s) for s in (MINUTE, 15 * MINUTE, 240 * MINUTE, 3 * _DAY, 2 * WEEK)] == [
        "1m",
        "15m",
        "4h",
        "3d",
        "2w",
    ]
