"""Rows are checked one by one; nothing is dropped in silence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cqs_core import Bucket, DataError, Series
from cqs_core.lake.cleaning import Reject, clean
from cqs_core.lake.rejects import quarantine, quarantined
from cqs_core.lake.series_table import stamps
from cqs_core.time.intervals import HOUR

GOOD = [HOUR, 10.0, 12.0, 9.0, 11.0, 1.0]


def cleaned(*rows, closed=100 * HOUR):
    return clean(list(rows), "1h", 0, 50 * HOUR, closed)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([HOUR, None, 12.0, 9.0, 11.0, 1.0], "not_a_number"),
        ([HOUR, 10.0, math.inf, 9.0, 11.0, 1.0], "not_a_number"),
        ([None, 10.0, 12.0, 9.0, 11.0, 1.0], "not_a_number"),
        ([HOUR + 1, 10.0, 12.0, 9.0, 11.0, 1.0], "off_grid"),
        ([60 * HOUR, 10.0, 12.0, 9.0, 11.0, 1.0], "outside"),
        ([-HOUR, 10.0, 12.0, 9.0, 11.0, 1.0], "outside"),
        ([HOUR, 0.0, 12.0, 0.0, 11.0, 1.0], "price"),
        ([HOUR, 10.0, 12.0, -9.0, 11.0, 1.0], "price"),
        ([HOUR, 10.0, 12.0, 9.0, 11.0, -1.0], "volume"),
        ([HOUR, 10.0, 10.5, 9.0, 11.0, 1.0], "inconsistent"),
        ([HOUR, 10.0, 12.0, 10.5, 11.0, 1.0], "inconsistent"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(row, reason):
    result = cleaned(row, [2 * HOUR, *GOOD[1:]])
    assert [r.reason for r in result.rejects] == [reason]
    assert stamps(result.table).tolist() == [2 * HOUR]


def test_unfinished_and_future_candles_are_refused():
    result = cleaned(GOOD, [2 * HOUR, *GOOD[1:]], closed=2 * HOUR)
    assert [(r.row[0], r.reason) for r in result.rejects] == [(2 * HOUR, "unfinished")]


def test_rows_out_of_order_are_sorted_and_doubles_refused():
    result = cleaned([3 * HOUR, *GOOD[1:]], GOOD, [3 * HOUR, 10.0, 99.0, 9.0, 50.0, 1.0])
    assert stamps(result.table).tolist() == [HOUR, 3 * HOUR]
    assert result.table["close"].to_pylist() == [11.0, 11.0]
    assert [r.reason for r in result.rejects] == ["duplicate"]


def test_nothing_in_nothing_out():
    assert len(cleaned().table) == 0


def test_every_row_is_either_stored_or_refused():
    rng = np.random.default_rng(7)
    rows = np.column_stack([rng.integers(-5, 60, 500) * HOUR, rng.uniform(-1, 20, (500, 5))])
    result = clean(rows, "1h", 0, 50 * HOUR, 45 * HOUR)
    assert len(result.table) + len(result.rejects) == 500
    assert len(result.table) > 0


def test_quarantine_keeps_rows_with_reason_and_page(tmp_path):
    bucket, series = Bucket(tmp_path), Series("upbit", "BTC/KRW", "1h")
    rejects = [Reject([HOUR, None, 1.0, 1.0, 1.0, 1.0], "not_a_number")]
    key = quarantine(bucket, series, rejects, (0, 5 * HOUR), "exchange")
    assert quarantine(bucket, series, rejects, (0, 5 * HOUR), "exchange") == key
    [found] = quarantined(bucket, series)
    assert (found.row[0], found.reason, found.page, found.source) == (HOUR, "not_a_number", (0, 5 * HOUR), "exchange")
    assert quarantine(bucket, series, [], (0, 1), "exchange") is None


@pytest.mark.parametrize("interval", ["1h", "1M"])
@pytest.mark.parametrize("ts", [-HOUR, -1e14, 7_258_118_400_000, 1e15, 1e300])
def test_years_that_no_candle_has_are_outside_whatever_was_asked(interval, ts):
    found = clean([[ts, *GOOD[1:]]], interval, -(10**15), 10**16, 10**16)
    assert len(found.table) == 0
    assert [reject.reason for reject in found.rejects] == ["outside"]


def test_a_damaged_quarantine_is_named(tmp_path):
    bucket, series = Bucket(tmp_path), Series("upbit", "BTC/KRW", "1h")
    key = quarantine(bucket, series, [Reject([0, None, 1.0, 1.0, 1.0, 1.0], "not_a_number")], (0, HOUR), "exchange")
    for damage in (b"", b"{", b"[]", b'{"page": 7}', b"\xff"):
        bucket.write(key, damage)
        with pytest.raises(DataError, match="is damaged; it only records refused rows, and may be removed"):
            list(quarantined(bucket, series))
