"""A tail of newer candles behind stored ones: every bucket is that of all candles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_panel import FrameCandles, LakeCandles, TailedCandles
from cqs_panel.charts.buckets import MINUTE, WEEK, of_rows
from cqs_panel.charts.newest import price_text, put

SERIES = Series("upbit", "BTC/KRW", "1m")
START = 1_700_000_000_000 // WEEK * WEEK
_DICE = np.random.default_rng(7).uniform(size=(25_001, 5))
_LOW, _HIGH = 1 + _DICE[:, :2].min(axis=1), 1 + _DICE[:, :2].max(axis=1)
_INSIDE = _LOW[:, None] + _DICE[:, 2:4] * (_HIGH - _LOW)[:, None]
VALUES = np.column_stack([_INSIDE[:, 0], _HIGH, _LOW, _INSIDE[:, 1], _DICE[:, 4]]).tolist()
STEPS = [n * MINUTE for n in (1, 3, 5, 15, 60, 1440, 10_080)]


def rows(minutes):
    """Candles that open at these minutes after the start, with values that tell them apart."""
    return [(START + minute * MINUTE, *VALUES[minute]) for minute in sorted(minutes)]


def frame(of):
    index = pd.DatetimeIndex(pd.to_datetime([row[0] for row in of], unit="ms", utc=True))
    columns = ["open", "high", "low", "close", "volume"]
    return pd.DataFrame([row[1:] for row in of], index=index, columns=columns, dtype=float)


def same(got, want):
    assert got.ts.tolist() == want.ts.tolist()
    for name in ("open", "high", "low", "close"):
        assert getattr(got, name).tolist() == getattr(want, name).tolist()
    assert got.volume == pytest.approx(want.volume)


@given(
    st.sets(st.integers(0, 25_000), min_size=2, max_size=60),
    st.floats(0, 1),
    st.integers(0, 5),
    st.sampled_from(STEPS),
    st.floats(0, 1),
)
def test_buckets_are_those_of_all_candles_wherever_the_stored_ones_end(minutes, share, overlap, step, begin):
    everything = rows(minutes)
    cut = max(1, int(share * len(everything)))
    source = TailedCandles(FrameCandles(frame(everything[:cut]), "1m", SERIES))
    source.follow(everything[max(0, cut - overlap) :])
    start = START + int(begin * 25_000 * MINUTE) // step * step
    end = START + 30_000 * MINUTE // step * step
    same(source.buckets(start, end, step), of_rows(everything, MINUTE).between(start, end).gathered(step))
    assert source.span() == (everything[0][0], everything[-1][0])


@given(st.sets(st.integers(0, 40), min_size=1), st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_following_tells_the_first_candle_that_is_another(before, after, moved):
    source = TailedCandles(FrameCandles(frame(rows({0})), "1m"))
    first, second = rows(before), rows(after)
    second = [(*row[:4], row[4] + (row[0] == START + moved * MINUTE), row[5]) for row in second]
    source.follow(first)
    told = source.follow(second)
    different = [row[0] for row in first if row not in second] + [row[0] for row in second if row not in first]
    assert told == min(different, default=None)


def table(of):
    stamps = pa.array([row[0] for row in of]).cast(pa.timestamp("ms", tz="UTC"))
    columns = {name: [row[i] for row in of] for i, name in enumerate(("open", "high", "low", "close", "volume"), 1)}
    return pa.table({"ts": stamps, **{name: pa.array(values, pa.float64()) for name, values in columns.items()}})


@pytest.mark.parametrize("step", STEPS)
def test_candles_that_are_stored_meanwhile_count_once(tmp_path, step):
    lake, everything = Lake(Bucket(str(tmp_path))), rows(range(3_000))
    lake.append(SERIES, table(everything[:2_000]), START, everything[2_000][0])
    source = TailedCandles(LakeCandles(lake.bucket, SERIES))
    source.follow(everything[1_900:])
    end = START + WEEK * 2
    want = of_rows(everything, MINUTE).gathered(step)
    same(source.buckets(START, end, step), want)
    lake.append(SERIES, table(everything[2_000:2_700]), everything[2_000][0], everything[2_700][0])
    same(source.buckets(START, end, step), want)
    same(
        TailedCandles(LakeCandles(lake.bucket, SERIES)).buckets(START, end, step),
        of_rows(everything[:2_700], MINUTE).gathered(step),
    )


def test_without_a_tail_it_is_what_is_stored():
    stored = FrameCandles(frame(rows(range(100))), "1m", SERIES)
    source = TailedCandles(stored)
    assert source.span() == stored.span()
    source.follow(rows(range(150)))
    source.follow([])
    assert source.span() == stored.span()
    same(source.buckets(START, START + WEEK, 5 * MINUTE), stored.buckets(START, START + WEEK, 5 * MINUTE))


def drawn(starts):
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({"start": np.array(starts, dtype=float), "close": np.array(starts, dtype=float) * 2})


@pytest.mark.parametrize(
    ("begin", "new", "fits"),
    [
        (4, [4.0], True),
        (3, [3.0, 4.0, 5.0, 6.0], True),
        (5, [5.0, 6.0], True),
        (5, [], True),
        (3, [3.0], False),
        (3, [], False),
        (3, [3.0, 3.5, 4.0], False),
    ],
)
def test_rows_take_the_place_of_those_drawn_where_they_fit(begin, new, fits):
    source = drawn([1, 2, 3, 4])
    assert put(source, begin, {"start": np.array(new), "close": np.array(new) * 7}) is fits
    kept = [start for start in (1.0, 2.0, 3.0, 4.0) if start < begin]
    assert source.data["start"].tolist() == (kept + new if fits else [1, 2, 3, 4])
    if fits:
        assert source.data["close"].tolist() == [start * 2 for start in kept] + [start * 7 for start in new]


def test_a_price_fits_beside_the_axis():
    assert [price_text(p) for p in (107_845_000.0, 3_412.567, 0.01873, 0.0000123)] == [
        "107,845,000",
        "3,412.57",
        "0.01873",
        "1.23e-05",
    ]
