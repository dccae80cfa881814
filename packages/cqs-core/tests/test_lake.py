"""The lake: what is appended is read, the newest wins, and one listing tells the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Bucket, DataError, Lake, Series, UnknownName, UsageError
from cqs_core.lake.series_table import candle_table, stamps
from cqs_core.testing.candles import flat_table as candles
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE

BTC = Series("upbit", "BTC/KRW", "1d")
PERPETUAL = "binance BTC/USDT:USDT 1d"


@pytest.fixture(params=["folder", "memory", "gcs"])
def lake(request, tmp_path):
    urls = {"folder": lambda: str(tmp_path), "memory": lambda: f"memory://{tmp_path.name}-{id(request)}"}
    return Lake(Bucket(urls[request.param]() if request.param in urls else request.getfixturevalue("gcs_bucket")))


def test_what_is_appended_is_read_bit_for_bit(lake):
    values = np.random.default_rng(1).random((50, 5)) * 1e8
    values[3] = [0.1, 1e-300, 1.7976931348623157e308, 5e-324, 0.0]
    table = candle_table(np.arange(50, dtype=np.int64) * DAY, values)
    lake.append(BTC, table, 0, 60 * DAY)
    found = lake.read(BTC)
    assert found.column_names == ["ts", "open", "high", "low", "close", "volume"]
    assert found.equals(table)


def test_a_range_is_start_inclusive_and_end_exclusive(lake):
    lake.append(BTC, candles(10), 0, 10 * DAY)
    assert stamps(lake.read(BTC, 2 * DAY, 5 * DAY)).tolist() == [2 * DAY, 3 * DAY, 4 * DAY]
    assert lake.read(BTC, 2 * DAY + 1, 3 * DAY).num_rows == 0
    assert lake.read(BTC, None, DAY).num_rows == lake.read(BTC, 9 * DAY).num_rows == 1
    assert lake.read(BTC, 10 * DAY).num_rows == lake.read(BTC, 5 * DAY, 5 * DAY).num_rows == 0


def test_where_ranges_overlap_the_newest_row_wins(lake):
    lake.append(BTC, candles(10, price=1.0), 0, 10 * DAY)
    lake.append(BTC, candles(4, 3 * DAY, price=2.0), 3 * DAY, 7 * DAY)
    lake.append(BTC, candles(1, 5 * DAY, price=3.0), 5 * DAY, 6 * DAY)
    assert lake.read(BTC).column("close").to_pylist() == [1, 1, 1, 2, 2, 3, 2, 1, 1, 1]
    assert lake.read(BTC, 4 * DAY, 6 * DAY).column("close").to_pylist() == [2, 3]


def test_a_newer_answer_without_a_row_does_not_unmake_it(lake):
    lake.append(BTC, candles(3), 0, 3 * DAY)
    lake.append(BTC, candles(0), 0, 3 * DAY)
    assert lake.read(BTC).num_rows == 3


def test_an_earlier_range_is_prepended(lake):
    lake.append(BTC, candles(2, 10 * DAY), 10 * DAY, 12 * DAY)
    lake.append(BTC, candles(2, 5 * DAY), 5 * DAY, 7 * DAY)
    assert stamps(lake.read(BTC)).tolist() == [5 * DAY, 6 * DAY, 10 * DAY, 11 * DAY]


def test_appending_the_same_bytes_twice_changes_nothing(lake):
    for _ in range(2):
        lake.append(BTC, candles(5), 0, 5 * DAY)
    assert lake.read(BTC).num_rows == 5
    assert next(iter(lake.status())).rows == 5


def test_the_status_is_what_is_read(lake):
    eth = Series("upbit", "ETH/KRW", "1h")
    lake.append(BTC, candles(10), 0, 12 * DAY)
    lake.append(BTC, candles(3, 8 * DAY), 8 * DAY, 15 * DAY, source="import")
    lake.append(eth, candles(2, interval="1h"), 0, DAY, source="endpoint")
    lake.append(eth, candles(1, 10 * HOUR, interval="1h"), 10 * HOUR, DAY, source="endpoint")
    lake.append(Series("upbit", "XRP/KRW", "1d"), candles(0), 0, DAY)
    btc, hours, empty = lake.status()
    assert (btc.series, btc.first, btc.last, btc.rows, btc.gaps) == (BTC, 0, 10 * DAY, 11, 0)
    assert (btc.answered, btc.sources, btc.objects) == (15 * DAY, ("exchange", "import"), 2)
    assert (hours.rows, hours.gaps, hours.last, hours.sources) == (3, 8, 10 * HOUR, ("endpoint",))
    assert (empty.rows, empty.gaps, empty.first, empty.last) == (0, 0, None, None)
    assert btc.bytes == sum(e.size for e in lake.bucket.list(BTC.folder))


def test_months_have_their_own_grid(lake):
    months = Series("upbit", "BTC/KRW", "1M")
    lake.append(months, candles(14, interval="1M"), 0, 500 * DAY)
    assert next(iter(lake.status())).gaps == 0
    assert lake.read(months).num_rows == 14


def test_objects_are_cut_at_periods_so_that_an_update_costs_what_is_new(lake):
    start = clock.parse_start("2023-11-15")
    minutes = Series("upbit", "BTC/KRW", "1m")
    rows = pa.concat_tables([candles(9, start + n * 30 * DAY, interval="1m") for n in range(3)])
    written = lake.append(minutes, rows, start, start + 70 * DAY)
    cuts = [clock.parse_start(day) for day in ("2023-12-01", "2024-01-01")]
    assert [(o.start, o.end) for o in written] == [
        (start, cuts[0]),
        (cuts[0], cuts[1]),
        (cuts[1], start + 70 * DAY),
    ]
    assert [o.rows for o in written] == [9, 9, 9]
    hours = candles(400, start, interval="4h")
    assert [o.end for o in lake.append(Series("u", "B/K", "4h"), hours, start, start + 70 * DAY)][:-1] == cuts[1:]
    assert len(lake.append(BTC, candles(2000, start), start, start + 3000 * DAY)) == 1
    assert len(lake.append(minutes, candles(0), 0, start)) == 1


@pytest.mark.parametrize(
    ("table", "start", "end", "source"),
    [
        (candles(3), 0, 2 * DAY, "exchange"),
        (candles(3, DAY), 2 * DAY, 5 * DAY, "exchange"),
        (candles(3).take([1, 0, 2]), 0, 3 * DAY, "exchange"),
        (candles(3).take([0, 0, 1]), 0, 3 * DAY, "exchange"),
        (candles(1), DAY, DAY, "exchange"),
        (candles(1), DAY, 0, "exchange"),
        (candles(1), 0, DAY + 1, "exchange"),
        (candles(1), 0, DAY, "friend"),
    ],
    ids=["after", "before", "unsorted", "doubled", "empty range", "backwards", "odd", "source"],
)
def test_what_contradicts_itself_is_not_stored(lake, table, start, end, source):
    with pytest.raises(DataError):
        lake.append(BTC, table, start, end, source=source)
    assert lake.bucket.list() == []


@pytest.mark.parametrize(
    "series",
    ["kraken:BTC/USD 1h", "kraken:BTC 1h", "upbit KRAKEN:BTC/USD 1h", Series("upbit", "KRAKEN:BTC/USD", "1h")],
)
def test_candles_of_one_exchange_are_not_stored_as_those_of_another(tmp_path, series):
    lake = Lake(tmp_path)
    with pytest.raises(UsageError, match=r"its base has ':'; write 'kraken BTC(/USD)? 1h'"):
        lake.append(series, candles(3), 0, 3 * DAY)
    assert lake.bucket.list() == []
    lake.append(PERPETUAL, candles(3), 0, 3 * DAY)
    with pytest.raises(UsageError, match="its base has ':'"):
        lake.rename(PERPETUAL, Series("upbit", "KRAKEN:BTC/USD", "1d"))
    assert [one.series for one in lake.status()] == [Series("binance", "BTC/USDT:USDT", "1d")]
    assert len(lake.frame(PERPETUAL)) == 3


def test_what_was_stored_under_such_a_name_can_be_deleted(tmp_path, monkeypatch):
    lake, wrong = Lake(tmp_path), Series("upbit", "KRAKEN:BTC/USD", "1d")
    with monkeypatch.context() as earlier:
        earlier.setattr("cqs_core.lake.writing.refuse_prefix", lambda *_: None)
        lake.append(wrong, candles(3), 0, 3 * DAY)
    assert len(lake.frame(wrong)) == 3
    lake.delete(wrong)
    assert lake.series() == []


def test_a_frame_is_indexed_by_time_in_utc(lake):
    lake.append(BTC, candles(3), 0, 3 * DAY)
    frame = lake.frame(BTC)
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame.index.name == "timestamp"
    assert frame.index[1] == pd.Timestamp("1970-01-02", tz="UTC")
    assert frame.index.dtype == lake.sql("select ts from candles").to_pandas()["ts"].dtype == "datetime64[us, UTC]"
    assert lake.frame(BTC, 5 * DAY).empty
    with pytest.raises(UnknownName, match="unknown market in the lake 'BTX/KRW'; did you mean 'BTC/KRW'"):
        lake.frame("BTX")


def test_candles_are_aligned_and_references_are_apart(lake):
    lake.append(BTC, candles(5), 0, 5 * DAY)
    lake.append(Series("upbit", "ETH/KRW", "1d"), candles(3, 2 * DAY, price=2.0), 2 * DAY, 5 * DAY)
    found = lake.candles("upbit", ["ETH/KRW"], "1d", references=["BTC/KRW"])
    assert found.symbols == ("ETH/KRW",)
    assert found.shape == (3, 1)
    assert found.reference("BTC/KRW").shape == (5, 1)
    both = lake.candles("upbit", ["ETH/KRW", "BTC/KRW"], "1d")
    assert both.present.tolist() == [[False, True], [False, True], [True, True], [True, True], [True, True]]


def test_what_the_lake_does_not_have_is_told_with_the_command_that_fetches_it(lake):
    with pytest.raises(
        UsageError, match=r"no candles of upbit BTC/KRW 1d in .*; fetch them: cqs fetch --exchange upbit"
    ):
        lake.candles("upbit", ["BTC/KRW"], "1d")
    lake.append(BTC, candles(5), 0, 5 * DAY)
    with pytest.raises(UsageError, match="in these dates; ask for others"):
        lake.candles("upbit", ["BTC/KRW"], "1d", 100 * DAY)
    with pytest.raises(UnknownName, match="did you mean 'BTC/KRW'"):
        lake.candles("upbit", ["BTX/KRW"], "1d")
    with pytest.raises(UnknownName, match=r"unknown market in the lake 'ETH/KRW'; fetch it: cqs fetch"):
        lake.candles("upbit", ["ETH/KRW"], "1d")
    with pytest.raises(UsageError, match="--interval 1h"):
        lake.candles("upbit", ["BTC/KRW"], "1h")


def test_an_unknown_series_is_refused_unless_that_is_no_mistake(lake):
    for ask in (lake.read, lake.derive, lake.frame):
        with pytest.raises(UsageError, match=r"no candles of upbit BTC/KRW 1d in .*; fetch them: cqs fetch"):
            ask(BTC)
    lake.append(BTC, candles(5), 0, 5 * DAY)
    for ask in (lake.read, lake.derive, lake.frame):
        with pytest.raises(UnknownName, match="did you mean 'BTC/KRW'"):
            ask("BTX")
        assert len(ask(BTC, 100 * DAY)) == 0  # the range is empty
    with pytest.raises(UsageError, match="`derive` puts them together from 1d"):
        lake.read("BTC 1w")
    assert len(lake.read("BTX", missing_ok=True)) == len(lake.derive("BTX 1w", missing_ok=True)) == 0


def test_what_is_no_bucket_and_no_query_is_said(lake):
    for wrong in (5, lake):
        with pytest.raises(UsageError, match=r"is not a bucket; name a folder or gs://name"):
            Lake(wrong)
    with pytest.raises(UsageError, match="None is not a query; write SQL as text"):
        lake.sql(None)


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1" + b"\0" * 500 + b"PAR1", "cut", "flip"])
def test_a_damaged_object_is_named_and_never_read_as_candles(tmp_path, damage):
    lake = Lake(str(tmp_path))
    (written,) = lake.append(BTC, candles(500), 0, 500 * DAY)
    whole = lake.bucket.read(written.key)
    half = len(whole) // 2
    torn = {"cut": whole[:half], "flip": whole[:200] + bytes(b ^ 255 for b in whole[200:half]) + whole[half:]}
    lake.bucket.write(written.key, torn.get(damage, damage))
    with pytest.raises(DataError, match=r"is damaged .*cqs data verify"):
        lake.read(BTC)


def test_a_torn_download_is_asked_for_again_and_a_damaged_object_is_not_used(gcs_bucket):
    lake = Lake(gcs_bucket)
    (written,) = lake.append(BTC, candles(500), 0, 500 * DAY)
    lake.bucket.write(written.key, lake.bucket.read(written.key)[:-100])
    with pytest.raises(DataError, match="its bytes are not those that its name promises"):
        lake.read(BTC)


@pytest.mark.once
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), st.booleans()), min_size=1, max_size=6))
def test_any_order_of_answers_reads_as_a_dictionary_would(tmp_path_factory, answers):
    lake, wanted = Lake(str(tmp_path_factory.mktemp("lake"))), {}
    for n, (first, count, full) in enumerate(answers):
        rows = candles(count if full else count // 2, first * HOUR, price=float(n), interval="1h")
        lake.append(Series("u", "B/K", "1h"), rows, first * HOUR, (first + count) * HOUR)
        wanted |= dict.fromkeys(stamps(rows).tolist(), float(n))
    found = lake.read(Series("u", "B/K", "1h"))
    assert dict(zip(stamps(found).tolist(), found.column("close").to_pylist(), strict=True)) == wanted
    assert next(iter(lake.status())).rows == len(wanted)
    assert (np.diff(stamps(found)) > 0).all()


def test_candles_before_1970_have_names_too(tmp_path):
    lake = Lake(str(tmp_path))
    old = -5 * DAY
    lake.append(BTC, candles(3, old), old, old + 3 * DAY)
    assert stamps(lake.read(BTC)).tolist() == [old, old + DAY, old + 2 * DAY]
    assert lake.append(Series("u", "B/K", "1m"), candles(1, -MINUTE, interval="1m"), -MINUTE, 0)
