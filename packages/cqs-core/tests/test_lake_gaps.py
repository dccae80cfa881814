"""Where candles are missing, and why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_core.lake.cleaning import Reject
from cqs_core.lake.rejects import quarantine
from cqs_core.lake.series_table import candle_table
from cqs_core.time.intervals import DAY, HOUR

BTC, ETH = Series("upbit", "BTC/KRW", "1h"), Series("upbit", "ETH/KRW", "1h")


def table(*hours):
    values = np.column_stack([np.full(len(hours), v) for v in (10.0, 12.0, 9.0, 11.0, 1.0)])
    return candle_table(np.array(hours, np.int64) * HOUR, values)


@pytest.fixture
def lake(tmp_path):
    return Lake(Bucket(tmp_path))


def put(lake, series, hours, start, end, source="exchange"):
    lake.append(series, table(*hours), start * HOUR, end * HOUR, source=source)


def told(lake, series=BTC):
    return [(gap.start // HOUR, gap.end // HOUR, gap.bars, gap.cause) for gap in lake.gaps([series])]


def test_a_dense_series_has_none(lake):
    put(lake, BTC, range(10), 0, 10)
    put(lake, BTC, range(10, 20), 10, 20)
    assert told(lake) == []


def test_what_was_answered_without_candles_was_not_traded(lake):
    put(lake, BTC, [0, 1, 4, 5], 0, 6)
    assert told(lake) == [(2, 4, 2, "no_trade")]


def test_what_was_never_asked_is_said_so(lake):
    put(lake, BTC, [0, 1], 0, 2)
    put(lake, BTC, [5, 6], 4, 7)
    assert told(lake) == [(2, 5, 3, "never_fetched")]


def test_an_outage_hits_all_markets_at_once(lake):
    put(lake, BTC, [0, 1, 4, 5, 7], 0, 8)
    put(lake, ETH, [0, 1, 4, 5, 6, 7], 0, 8)
    assert told(lake) == [(2, 4, 2, "outage"), (6, 7, 1, "no_trade")]
    assert told(lake, ETH) == [(2, 4, 2, "outage")]


def test_an_outage_is_one_also_where_a_market_was_silent_before_it(lake):
    put(lake, BTC, [0, 1, 5, 6, 8], 0, 9)
    put(lake, ETH, [0, 1, 2, 5, 6, 7, 8], 0, 9)
    assert told(lake) == [(2, 5, 3, "outage"), (7, 8, 1, "no_trade")]


def test_a_damaged_object_hides_its_own_series_alone(lake):
    put(lake, BTC, [0, 1, 3], 0, 4)
    put(lake, BTC, [1, 2], 1, 3)
    put(lake, ETH, [0, 3], 0, 4)
    path = lake.bucket.folder / lake.objects(BTC)[0].key
    path.write_bytes(b"spoiled")
    btc, eth = lake.holes()
    assert "is damaged" in btc.problem
    assert (len(btc), eth.problem, len(eth)) == (0, "", 1)
    status = {one.series: one for one in lake.status()}
    assert "is damaged" in status[BTC].problem
    assert (status[ETH].problem, status[ETH].rows) == ("", 2)


def test_a_market_that_had_not_begun_says_nothing_about_an_outage(lake):
    put(lake, BTC, [0, 1, 4, 5], 0, 6)
    put(lake, ETH, [5], 4, 6)
    assert told(lake) == [(2, 4, 2, "no_trade")]


def test_longer_candles_of_others_say_nothing_about_an_outage(lake):
    put(lake, BTC, [0, 1, 4, 5], 0, 6)
    lake.append(ETH._replace(interval="4h"), table(0, 4, 8), 0, 12 * HOUR)
    assert told(lake) == [(2, 4, 2, "no_trade")]


def test_imported_holes_have_an_unknown_cause(lake):
    put(lake, BTC, [0, 1, 4, 5], 0, 6, source="import")
    assert told(lake) == [(2, 4, 2, "unknown")]


def test_refused_rows_leave_a_hole_of_unknown_cause(lake):
    put(lake, BTC, [0, 1, 3], 0, 4)
    quarantine(lake.bucket, BTC, [Reject([2 * HOUR, 1.0, 1.0, 1.0, -1.0, 1.0], "price")], (0, 4 * HOUR), "exchange")
    assert told(lake) == [(2, 3, 1, "unknown")]


def test_a_month_of_silence_means_that_the_market_was_not_listed(lake):
    put(lake, BTC, [0, 31 * 24], 0, 31 * 24 + 1)
    assert [gap.cause for gap in lake.gaps([BTC])] == ["delisted"]


def test_overlapping_objects_count_once(lake):
    put(lake, BTC, [0, 1, 4], 0, 5)
    put(lake, BTC, [2], 2, 4)
    assert told(lake) == [(3, 4, 1, "no_trade")]


def test_months_are_counted_as_they_are(lake):
    series = Series("upbit", "BTC/KRW", "1M")
    opens = [0, 31 * DAY, 90 * DAY]  # January, February, April 1970
    values = np.tile([10.0, 12.0, 9.0, 11.0, 1.0], (3, 1))
    lake.append(series, candle_table(np.array(opens), values), 0, 120 * DAY)
    [gap] = lake.gaps([series])
    assert (gap.start, gap.end, gap.bars) == (59 * DAY, 90 * DAY, 1)


@pytest.mark.once
def test_a_hundred_thousand_holes_are_told_at_once(lake):
    chance, n = np.random.default_rng(3), 400_000
    for market in ("BTC/KRW", "ETH/KRW"):
        minutes = np.flatnonzero(chance.random(n) < 0.7)
        values = np.tile([10.0, 12.0, 9.0, 11.0, 1.0], (len(minutes), 1))
        lake.append(Series("upbit", market, "1m"), candle_table(minutes * 60_000, values), 0, n * 60_000)
    btc, eth = lake.holes()
    assert len(btc) > 80_000
    assert btc.bars.sum() == lake.status()[0].gaps
    assert set(btc.cause.tolist()) == {"no_trade", "outage"}
    shared = {gap.start for gap in btc if gap.cause == "outage"}
    assert shared > {gap.start for gap in eth if gap.bars == 1} & {gap.start for gap in btc if gap.bars == 1}
    assert btc.longest(3) == sorted(btc, key=lambda gap: (-gap.bars, gap.start))[:3]


@pytest.mark.once
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.sets(st.integers(0, 60))), min_size=1, max_size=6))
def test_gaps_are_exactly_the_missing_bars(tmp_path_factory, parts):
    lake = Lake(Bucket(tmp_path_factory.mktemp("lake")))
    have = set()
    for start, size, hours in parts:
        inside = sorted(h for h in hours if start <= h < start + size)
        put(lake, BTC, inside, start, start + size)
        have |= set(inside)
    missing = set(range(min(have), max(have) + 1)) - have if have else set()
    found = {h for gap in lake.gaps([BTC]) for h in range(gap.start // HOUR, gap.end // HOUR)}
    assert found == missing
    assert sum(gap.bars for gap in lake.gaps([BTC])) == lake.status()[0].gaps == len(missing)
