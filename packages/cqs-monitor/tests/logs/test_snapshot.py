"""The rows of a snapshot: arrays of their columns, and choices of rows, against plain Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from logfiles import buy, day, sell
from usdtbot import fills, installed

from cqs_monitor import Logs
from cqs_monitor.logs.days import day_of, read_clock
from cqs_monitor.logs.snapshot import TRADING, Rows, Snapshot

usdt_bot = pytest.fixture(installed)


@pytest.fixture
def rows(put, bucket, usdt_bot):
    """Two accounts in won, one in dollars; rows of one are in two files."""
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 50.0)))
    put("logs/Main/trades_2025-10-21.csv", day(sell("2025-10-21T08:30:00", "BTC", 110.0, 50.0, 100.0)))
    put("logs/Other/trades_2025-10-20.csv", day(sell("2025-10-20T12:00:00", "ETH", 90.0, 10.0, 100.0)))
    put("logs/Dollar/fills.csv", fills("2025-10-20 23:30:00 sell SOL/USDT 110 2 20"))
    return Logs(bucket).refresh().rows


def test_columns_are_those_of_the_table(rows):
    assert rows.accounts == ("Dollar", "Main", "Other")
    assert sorted(zip(rows.names.tolist(), rows.sell.tolist(), rows.amount.tolist(), strict=True)) == [
        ("Dollar", True, 220.0),
        ("Main", False, 5000.0),
        ("Main", True, 5500.0),
        ("Other", True, 900.0),
    ]
    assert dict(zip(rows.names, rows.profit, strict=True)) == pytest.approx({"Dollar": 20, "Main": 500, "Other": -100})
    assert rows.ts.tolist() == [at // 1000 for at in rows.timestamp.tolist()]


def test_fees_are_those_of_each_rows_format(rows):
    rate = {"Dollar": 0.001, "Main": 0.0005, "Other": 0.0005}
    paid = [rate[name] * amount for name, amount in zip(rows.names, rows.amount, strict=True)]
    assert rows.fee.tolist() == pytest.approx(paid)
    assert rows.value(net=False).tolist() == rows.profit.tolist()
    assert rows.value(net=True).tolist() == pytest.approx((rows.profit - paid).tolist())
    sold = rows.of(["Main"]).where(rows.of(["Main"]).sell)
    assert sold.net_sales().tolist() == pytest.approx([500 - 0.0005 * (5500 + 5000)])


def test_days_are_those_that_the_bots_wrote_or_their_trading_days(rows):
    import datetime as dt

    def days(day_start):
        chosen = replace(rows, day_start=day_start)
        return {(name, at) for name, at in zip(chosen.names.tolist(), chosen.day.tolist(), strict=True)}

    first, second = (day_of(dt.date(2025, 10, one)) for one in (20, 21))
    assert days(None) == {("Main", first), ("Main", second), ("Other", first), ("Dollar", first)}
    assert days(TRADING) == {("Main", first), ("Other", first), ("Dollar", first)}  # sold before nine
    assert days(read_clock("23:45")) == {
        *(("Main", first - 1), ("Main", first), ("Other", first - 1), ("Dollar", first - 1))
    }


def test_hours_are_on_the_clock_of_each_bot(rows):
    hours = {(name, hour) for name, hour in zip(rows.names.tolist(), rows.hours().tolist(), strict=True)}
    assert hours == {("Main", 10), ("Main", 8), ("Other", 12), ("Dollar", 23)}


def test_rows_are_chosen_by_mask_by_index_and_by_account(rows):
    assert len(rows.where(rows.sell).sell) == 3
    assert rows.where(np.array([1, 0])).timestamp.tolist() == rows.timestamp[[1, 0]].tolist()
    assert rows.of(rows.accounts) is rows
    assert set(rows.of(["Other", "Nobody"]).names) == {"Other"}
    assert {name: len(part.sell) for name, part in rows.by_account()} == {"Dollar": 1, "Main": 2, "Other": 1}
    assert rows.only("Main").num_rows == 2
    assert rows.only("Nobody").num_rows == 0
    assert (np.diff(rows.in_order().timestamp) >= 0).all()


def test_nothing_is_rows_too():
    rows = Snapshot().rows
    assert (len(rows.day), len(rows.fee), len(rows.hours()), rows.symbols()[1]) == (0, 0, 0, [])
    assert list(rows.by_account()) == []
    assert len(Rows(rows.table).in_order().names) == 0
