"""What is refused of candles, orders and commands: the fact and the remedy, in one line."""

from __future__ import annotations

import click
import numpy as np
import pandas as pd
import pytest

from cqs_core import (
    Bucket,
    Candles,
    Costs,
    DataError,
    Lake,
    Orders,
    Series,
    Strategy,
    UnknownName,
    UsageError,
    settings,
    simulate,
)
from cqs_core.cli import log_options, run_command
from cqs_core.cli.logs import own_log
from cqs_core.jobs import job_registry
from cqs_core.lake import candle_table, save_market_set
from cqs_core.testing.candles import random_candles
from cqs_core.trading.strategy import orders_of

CANDLES = random_candles(("BTC/KRW", "ETH/KRW"), 6)
TIMES = pd.to_datetime(CANDLES.ts, unit="ms", utc=True)


def torn(field):
    array = getattr(CANDLES, field).copy()
    array[2, 1] = np.nan
    return {field: array}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ts": CANDLES.ts.astype(float)}, r"stamps are float64 of 1 dimensions; they must be int64 \(T,\) in ms UTC"),
        ({"ts": CANDLES.ts[::-1].copy()}, "do not strictly increase; sort them and drop duplicates"),
        ({"interval": "1w"}, "candles are 86,400 s apart, less than the interval '1w'; name their actual interval"),
        (torn("close"), "bar 2 of 'ETH/KRW' is neither whole nor missing; a missing bar is NaN in all fields"),
        ({"open": CANDLES.open[:3]}, r"candles' open is float64 \(3, 2\); it must be float64 \(6, 2\)"),
    ],
)
def test_arrays_that_are_no_candles_are_refused(changed, told):
    with pytest.raises(DataError, match=told):
        CANDLES.with_values(**changed).validate()


def test_no_frame_is_no_candles():
    with pytest.raises(DataError, match="no candles: give at least one market"):
        Candles.from_frames({}, "1d")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.ma.masked_array(np.ones(6, bool), [0, 1, 0, 0, 0, 0]), "is a masked array; fill the masked values"),
        ({1, 2}, "is a set; give a number, a list, a numpy array, or a pandas frame"),
    ],
    ids=["masked", "set"],
)
def test_values_that_no_array_is_made_of_are_refused_by_kind(given, told):
    with pytest.raises(UsageError, match=f"orders' enter {told}"):
        Orders(enter=given).array("enter", CANDLES.shape)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (pd.DataFrame(True, TIMES, range(2)), "is labelled by time; use orders.aligned"),
        (pd.DataFrame(True, range(6), list(CANDLES.symbols)), "is labelled by symbol; use orders.aligned"),
    ],
    ids=["time", "symbol"],
)
def test_labels_need_candles_to_be_understood(given, told):
    with pytest.raises(UsageError, match=f"orders' enter {told}"):
        Orders(enter=given).array("enter", CANDLES.shape)


@pytest.mark.parametrize(("start", "end"), [(5_000, 5_000), (6_000, 5_000), (0, 5_500)])
def test_a_range_to_append_has_whole_seconds_and_a_length(tmp_path, start, end):
    lake = Lake(str(tmp_path))
    with pytest.raises(DataError, match="is empty or not in whole seconds"):
        lake.append(Series("upbit", "BTC/KRW", "1m"), candle_table(np.empty(0, np.int64), np.empty((0, 5))), start, end)
    assert lake.series() == []


def test_a_bucket_with_data_becomes_no_demo(tmp_path, capsys):
    Bucket(str(tmp_path)).write("logs/Main/trades_2025-10-21.csv", b"mine")
    assert run_command(["demo", "--once", "--no-open", "--bucket", str(tmp_path)]) == 2
    assert "holds data that no demo made; name an empty folder" in " ".join(capsys.readouterr().err.split())
    assert not Bucket(str(tmp_path)).demo


def test_units_get_no_text_that_a_shell_would_read(tmp_path, capsys):
    assert run_command(["services", "systemd", "--user", "me;reboot", "--bucket", str(tmp_path)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "--user is 'me;reboot'; use letters, digits and _./:@=+~- only" in told


def test_so_many_jobs_wait_at_most(monkeypatch):
    monkeypatch.setattr(job_registry, "_MOST_WAITING", 0)
    with pytest.raises(UsageError, match="0 jobs wait already; cancel some, or let them end"):
        job_registry.start("Look", ["config"])
    assert job_registry.listing() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            pd.DataFrame(True, TIMES.append(TIMES[-1:] + pd.Timedelta("1h")), list(CANDLES.symbols)),
            "has a row for .*, where no bar is; reindex it",
        ),
        (
            pd.DataFrame(True, TIMES, ["BTC/KRW", "XRP/KRW"]),
            "has a column 'XRP/KRW'; its columns must be labelled with candles.symbols: BTC/KRW, ETH/KRW",
        ),
        (pd.DataFrame(True, TIMES, ["BTC/KRW"]), "has no column for ETH/KRW; give one to each of candles.symbols"),
    ],
    ids=["row", "other column", "column"],
)
def test_labels_that_are_not_the_candles_are_refused(given, told):
    with pytest.raises(UsageError, match=f"orders' enter {told}"):
        Orders(enter=given).aligned(CANDLES)


class Silent(Strategy):
    id = "silent"


def test_a_strategy_without_orders_is_told_to_have_some():
    with pytest.raises(UsageError, match=r"strategy 'silent' failed: .*Silent has no orders\(\); a strategy must impl"):
        orders_of(Silent(), CANDLES)


def test_a_strategy_gets_only_what_it_asked_for():
    with pytest.raises(UnknownName, match=r"reference 'SOL/KRW'.*return it from references\(markets\)"):
        CANDLES.reference("SOL/KRW")
    with pytest.raises(UnknownName, match=r"feature 'mood'.*--feature mood=FILE"):
        CANDLES.feature("mood")


def test_a_run_starts_where_candles_are():
    after = int(CANDLES.ts[-1]) + 1
    with pytest.raises(UsageError, match=r"no candle opens at or after 20.*; start earlier, or fetch later candles"):
        simulate(Silent(), CANDLES, engine=None, costs=Costs(), start=after)


@pytest.mark.parametrize("markets", [[], ["BTC/KRW"] * 100_000])
def test_a_set_has_markets_but_not_any_number(tmp_path, markets):
    bucket = Bucket(str(tmp_path))
    with pytest.raises(UsageError, match=f"a set has 1 to .* markets, not {len(markets):,}; choose some in the list"):
        save_market_set(bucket, "mine", "upbit", markets)
    assert list(bucket.list("")) == []


@pytest.mark.parametrize("words", [["--verbose", "--quiet"], ["-q", "-v"]])
def test_a_service_is_not_loud_and_quiet(words):
    command = log_options(click.command(lambda: None))
    with own_log(), pytest.raises(click.UsageError, match="--verbose and --quiet exclude one another; give one"):
        command.main(words, standalone_mode=False)


def test_a_setting_that_is_none_is_named():
    with pytest.raises(UnknownName, match=r"setting 'fees'.*fee"):
        settings(fees=0.1)
