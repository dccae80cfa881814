"""Candles for a chart: from the lake at any zoom, and from memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from cqs_core import Bucket, Lake, Series, UsageError
from cqs_panel import FrameCandles, LakeCandles
from cqs_panel.charts.buckets import MINUTE, of_table
from cqs_panel.charts.sources import DerivedCandles

SERIES = Series("upbit", "BTC/KRW", "1m")
START = 1_700_000_000_000 // 86_400_000 * 86_400_000
_DAY = 1440 * MINUTE


def table(first, rows, scale=1.0):
    ts = first + np.arange(rows, dtype=np.int64) * MINUTE
    close = scale * (100 + np.sin(np.arange(rows) / 500) * 10)
    return pa.table(
        {
            "ts": pa.array(ts).cast(pa.timestamp("ms", tz="UTC")),
            "open": close - 0.5,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": np.ones(rows),
        }
    )


@pytest.fixture
def lake(tmp_path):
    lake = Lake(Bucket(str(tmp_path)))
    lake.append(SERIES, table(START, 60 * 1440), START, START + 60 * _DAY)
    return lake


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 1440, 10_080])
def test_the_lakes_buckets_are_those_of_all_its_candles(lake, minutes):
    step = minutes * MINUTE
    source = LakeCandles(lake.bucket, SERIES)
    start, end = START + 7 * _DAY // step * step, START + 40 * _DAY
    want = of_table(lake.read(SERIES, start, end), MINUTE).gathered(step)
    got = source.buckets(start, end, step)
    assert (got.ts == want.ts).all()
    assert (got.high == want.high).all()
    assert (got.close == want.close).all()
    assert got.volume == pytest.approx(want.volume)


def test_the_span_is_that_of_the_candles(lake):
    assert LakeCandles(lake.bucket, SERIES).span() == (START, START + 60 * _DAY - MINUTE)


def test_a_series_without_candles_has_no_span(lake):
    assert LakeCandles(lake.bucket, Series("upbit", "ETH/KRW", "1m")).span() is None


def test_new_candles_are_seen_by_a_level_that_was_made_before(lake):
    end = START + 60 * _DAY
    before = LakeCandles(lake.bucket, SERIES).buckets(START, end + _DAY, _DAY)
    lake.append(SERIES, table(end, 1440, scale=3), end, end + _DAY)
    after = LakeCandles(lake.bucket, SERIES).buckets(START, end + _DAY, _DAY)
    assert len(after) == len(before) + 1
    assert after.high[-1] == pytest.approx(3 * 110 + 1, abs=3)


def test_a_frame_gives_the_same_buckets(lake):
    frame = FrameCandles(lake.frame(SERIES), "1m", SERIES)
    stored = LakeCandles(lake.bucket, SERIES)
    for step in (15 * MINUTE, _DAY):
        ours, theirs = frame.buckets(START, START + 9 * _DAY, step), stored.buckets(START, START + 9 * _DAY, step)
        assert (ours.ts == theirs.ts).all()
        assert (ours.open == theirs.open).all()
    assert frame.span() == stored.span()


class TestCandlesOfARun:
    """A chart of a run shows the bars of the run: those of CQS_DAY_START, not whatever days are stored."""

    HOURS, DAYS = Series("upbit", "XRP/KRW", "1h"), Series("upbit", "XRP/KRW", "1d")

    @pytest.fixture
    def hours(self, lake):
        rows = table(START, 72 * 60).to_pandas().iloc[::60]
        lake.append(self.HOURS, pa.Table.from_pandas(rows, preserve_index=False), START, START + 3 * _DAY)
        return lake

    def test_days_are_put_together_as_the_run_saw_them(self, hours):
        source = DerivedCandles(hours.bucket, self.DAYS, 9 * 60 * MINUTE)
        assert source.span() == (START + 9 * 60 * MINUTE, START + _DAY + 9 * 60 * MINUTE)
        assert len(source.buckets(START, START + 3 * _DAY, _DAY)) == 2

    def test_what_is_stored_is_read(self, hours):
        assert DerivedCandles(hours.bucket, self.HOURS).span() == (START, START + 3 * _DAY - 60 * MINUTE)

    def test_newer_minutes_of_a_series_with_older_hours_are_drawn_too(self, hours):
        newer = START + 3 * _DAY
        hours.append(self.HOURS._replace(interval="1m"), table(newer, 120), newer, newer + 120 * MINUTE)
        assert DerivedCandles(hours.bucket, self.HOURS).span() == (START, newer + 60 * MINUTE)

    def test_bars_that_are_left_out_are_told(self, hours):
        later = START + 5 * _DAY
        hours.append(self.HOURS, hours.read(self.HOURS).slice(0, 0), START + 3 * _DAY, START + 4 * _DAY)
        rows = table(later, 24 * 60).to_pandas().iloc[::60]
        hours.append(self.HOURS, pa.Table.from_pandas(rows, preserve_index=False), later, later + _DAY)
        source = DerivedCandles(hours.bucket, self.DAYS)
        assert source.note().startswith("1 bar is left out of upbit XRP/KRW 1d")
        assert "never fetched" in source.note()
        assert DerivedCandles(hours.bucket, self.HOURS).note() == ""

    def test_days_of_another_start_are_refused(self, hours):
        days = Series("upbit", "ETH/KRW", "1d")
        rows = table(START, 2 * 1440).to_pandas().iloc[::1440]
        hours.append(days, pa.Table.from_pandas(rows, preserve_index=False), START, START + 2 * _DAY)
        with pytest.raises(UsageError, match="--interval 1h"):
            DerivedCandles(hours.bucket, days, 9 * 60 * MINUTE).span()
