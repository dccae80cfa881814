"""Made-up candles: fixed history that grows with the clock, and intervals that agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data.sandbox import Synthetic
from cqs_data.sandbox.candle_rows import aggregate, floors
from cqs_data.sandbox.synthetic import COINS, CRASHES, OUTAGES

NOON = 1_750_000_000_000 // DAY * DAY + 12 * HOUR  # a day in June 2025


def candles(interval: str, now: int = NOON, market: str = "BTC/KRW"):
    return Synthetic(lambda: now).bars("upbit", market, interval, 0, now + 1)


def test_there_are_four_markets_and_five_years_of_days():
    assert Synthetic().markets("upbit") == ["BTC/KRW", "ETH/KRW", "XRP/KRW", "SOL/KRW"]
    assert len(candles("1d", NOON + 365 * DAY).ts) > 5 * 365


@pytest.mark.parametrize("interval", ["1h", "4h", "1d", "1w", "1M"])
def test_history_stays_as_it_is_while_the_clock_runs(interval):
    old, new = candles(interval), candles(interval, NOON + 3 * DAY + 17 * MINUTE)
    closed = intervals.floor(interval, NOON)
    then, now = old.between(0, closed), new.between(0, closed)
    assert len(then.ts) > 50
    assert (then.ts == now.ts).all()
    assert (then.values == now.values).all()
    assert new.ts[-1] > old.ts[-1] or interval in {"1w", "1M"}


@pytest.mark.parametrize(("fine", "coarse"), [("1m", "15m"), ("1m", "1h"), ("1h", "4h"), ("1h", "1d"), ("1d", "1M")])
def test_longer_candles_are_what_their_parts_add_up_to(fine, coarse):
    start = intervals.floor(coarse, NOON - (40 if fine == "1d" else 3) * DAY)
    end = intervals.floor(coarse, NOON)
    source = Synthetic(lambda: NOON)
    parts = aggregate(source.bars("upbit", "ETH/KRW", fine, start, end), coarse)
    whole = source.bars("upbit", "ETH/KRW", coarse, start, end)
    assert (parts.ts == whole.ts).all()
    assert np.allclose(parts.values, whole.values, rtol=1e-12)


@pytest.mark.once
def test_the_candle_under_way_is_not_what_it_will_be():
    now = NOON + 30 * MINUTE + 20_000
    for interval in ("1m", "1h", "1d"):
        partial = candles(interval, now)
        whole = candles(interval, now + DAY).between(int(partial.ts[-1]), int(partial.ts[-1]) + 1)
        assert partial.ts[-1] == intervals.floor(interval, now)
        assert (partial.values[-1] != whole.values[0]).any()


def test_prices_are_sound_and_there_is_a_crash():
    for coin in COINS:
        v = candles("1h", market=f"{coin}/KRW").values[:-1]
        assert (v > 0).all()
        assert (v[:, 1] >= np.maximum(v[:, 0], v[:, 3])).all()
        assert (v[:, 2] <= np.minimum(v[:, 0], v[:, 3])).all()
    bars = candles("1h")
    at = np.searchsorted(bars.ts, CRASHES[0][0])
    assert bars.values[at + 12, 3] < 0.75 * bars.values[at, 0]


def test_outages_hit_all_markets_at_once():
    stamps = [set(candles("1h", market=f"{coin}/KRW").ts.tolist()) for coin in COINS]
    missing = [set(range(min(s), max(s), HOUR)) - s for s in stamps]
    shared = set.intersection(*missing)
    assert set(range(OUTAGES[0][0], OUTAGES[0][0] + OUTAGES[0][1] * HOUR, HOUR)) <= shared
    assert len(shared) > 60
    assert missing[3] - shared


@settings(max_examples=25)
@given(st.integers(0, 2**41), st.sampled_from(["1m", "3m", "1h", "4h", "1d", "1w", "1M"]))
def test_floors_agree_with_core(ts, interval):
    if interval in intervals.INTERVALS:
        assert floors(interval, np.array([ts]))[0] == intervals.floor(interval, ts)
    assert floors(interval, np.array([ts]))[0] <= ts


def test_a_question_that_ends_inside_of_a_candle_gets_the_whole_candle():
    start = clock.parse_start("2024-03-04T21:55")
    [[*asked]] = Synthetic().bars("upbit", "BTC/KRW", "5m", start, start + 1).values.tolist()
    [[*whole]] = Synthetic().bars("upbit", "BTC/KRW", "5m", start, start + 300_000).values.tolist()
    assert asked == whole
