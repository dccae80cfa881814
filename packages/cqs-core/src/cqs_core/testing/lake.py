"""Contract tests of the lake on every storage: local folders, `memory://` and `gs://`."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cqs_core.errors import DataError
from cqs_core.lake import Lake, Series
from cqs_core.lake.cleaning import Reject
from cqs_core.lake.rejects import quarantine, quarantined
from cqs_core.lake.series_table import candle_table, stamps
from cqs_core.time.intervals import DAY, HOUR

if TYPE_CHECKING:
    import pyarrow as pa

BTC = Series("upbit", "BTC/KRW", "1h")
ODD = Series("ex%change", "메/USDT:USDT-250101", "1M")


def hours(start: int, end: int, price: float = 10.0) -> pa.Table:
    """Hourly candles that open in `[start, end)` hours after 1970."""
    ts = np.arange(start, end, dtype=np.int64) * HOUR
    parts = (price, price + 2, price - 1, price + 1, 1.0)
    return candle_table(ts, np.column_stack([np.full(len(ts), value) for value in parts]))


def put(lake: Lake, start: int, end: int, price: float = 10.0) -> None:
    """Store an answer about `[start, end)` hours."""
    lake.append(BTC, hours(start, end, price), start * HOUR, end * HOUR)


def prices(lake: Lake) -> list[float]:
    """Rows of BTC as they are read, by time."""
    found: list[float] = lake.read(BTC).column("open").to_numpy().tolist()
    return found


class LakeContract:
    """A subclass gives the fixture `lake`: an empty `Lake`."""

    def test_an_empty_lake_has_nothing(self, lake: Lake) -> None:
        assert lake.series() == []
        assert lake.status() == []
        assert lake.gaps() == []
        assert lake.verify() == []
        assert len(lake.read(BTC, missing_ok=True)) == 0
        assert lake.sql("select * from candles").num_rows == 0

    def test_what_is_appended_is_read(self, lake: Lake) -> None:
        put(lake, 0, 30)
        assert lake.read(BTC).equals(hours(0, 30))
        assert stamps(lake.read(BTC, 5 * HOUR, 8 * HOUR)).tolist() == [5 * HOUR, 6 * HOUR, 7 * HOUR]

    def test_the_same_rows_again_change_nothing_on_read(self, lake: Lake) -> None:
        put(lake, 0, 10)
        put(lake, 0, 10)
        assert len(lake.read(BTC)) == lake.status()[0].rows == 10

    def test_the_newest_row_wins(self, lake: Lake) -> None:
        put(lake, 0, 6)
        put(lake, 2, 4, price=20.0)
        assert prices(lake) == [10.0, 10.0, 20.0, 20.0, 10.0, 10.0]
        assert lake.sql("select sum(open) total from candles").to_pylist() == [{"total": 80.0}]

    def test_odd_names_come_back(self, lake: Lake) -> None:
        month = candle_table(np.array([0], np.int64), np.array([[1.0, 1.0, 1.0, 1.0, 0.0]]))
        lake.append(ODD, month, 0, 31 * DAY)
        assert lake.series() == [ODD]
        assert len(lake.read(ODD)) == 1

    def test_a_long_answer_is_cut_at_years(self, lake: Lake) -> None:
        put(lake, 300 * 24, 800 * 24)
        assert len(lake.objects(BTC)) == 3
        assert len(lake.read(BTC)) == 500 * 24

    def test_status_and_gaps_agree(self, lake: Lake) -> None:
        put(lake, 0, 3)
        put(lake, 5, 8)
        status, (gap,) = lake.status()[0], lake.gaps()
        assert (status.rows, status.gaps, status.first, status.last) == (6, 2, 0, 7 * HOUR)
        assert (gap.start, gap.end, gap.bars, gap.cause) == (3 * HOUR, 5 * HOUR, 2, "never_fetched")

    def test_compaction_keeps_every_row(self, lake: Lake) -> None:
        for i in range(6):
            put(lake, i * 4, i * 4 + 5, price=10.0 + i)
        before, proof = prices(lake), lake.verify()[0].sha256
        done = lake.compact(grace=-1)
        assert (done.merged, done.written) == (6, 1)
        assert prices(lake) == before
        assert lake.compact(grace=-1).deleted == 6
        assert len(lake.objects(BTC)) == 1
        assert lake.verify()[0].sha256 == proof

    def test_a_sound_lake_has_no_problems(self, lake: Lake) -> None:
        put(lake, 0, 10)
        assert [found.problems for found in lake.verify()] == [[]]

    def test_damage_is_found(self, lake: Lake) -> None:
        put(lake, 0, 10)
        [item] = lake.objects(BTC)
        lake.bucket.write(item.key, lake.bucket.read(item.key)[:-3])
        assert "damaged" in lake.verify()[0].problems[0]

    def test_a_deleted_object_is_missed(self, lake: Lake) -> None:
        put(lake, 0, 10)
        put(lake, 10, 20)
        gone = next(o.key for o in lake.objects(BTC) if o.start == 0)
        lake.bucket.delete([gone])
        with pytest.raises(DataError, match=f"'{re.escape(gone)}' is missing"):
            lake.read(BTC)
        with pytest.raises(DataError, match="is missing"):
            lake.sql("select * from candles")
        assert gone in lake.verify()[0].problems[0]
        put(lake, 0, 10)
        assert len(lake.read(BTC)) == 20

    def test_one_damaged_object_hurts_only_its_series(self, lake: Lake) -> None:
        put(lake, 0, 10)
        eth = BTC._replace(market="ETH/KRW")
        [item] = lake.append(eth, hours(0, 7), 0, 7 * HOUR)
        lake.bucket.write(item.key, lake.bucket.read(item.key)[:-3])
        assert lake.sql("select count(*) n from candles where market = 'BTC/KRW'").to_pylist() == [{"n": 10}]
        with pytest.raises(DataError, match=re.escape(item.key)):
            lake.sql("select count(*) n from candles where market = 'ETH/KRW'")

    def test_refused_rows_are_kept_apart(self, lake: Lake) -> None:
        rejects = [Reject([0, None, 1.0, 1.0, 1.0, 1.0], "not_a_number")]
        quarantine(lake.bucket, BTC, rejects, (0, HOUR), "exchange")
        assert [found.reason for found in quarantined(lake.bucket, BTC)] == ["not_a_number"]
        assert lake.series() == []

    def test_many_writers_at_once_lose_nothing(self, lake: Lake) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: put(lake, i * 5, i * 5 + 5), range(12)))
        assert len(lake.read(BTC)) == 60
        assert lake.gaps() == []
