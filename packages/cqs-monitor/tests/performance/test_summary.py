"""What the bots earned, against arithmetic done by hand and by plain Python."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logfiles import buy, day, sell

from cqs_core import Bucket
from cqs_monitor import Logs
from cqs_monitor.logs.days import day_of, label, read_clock
from cqs_monitor.performance.statistics import drawdown, statistics, streak
from cqs_monitor.performance.summary import Summary, summaries


def summary(bucket, by="day", *, net=False, day_start=None):
    start = None if day_start is None else read_clock(day_start)
    accounts, totals = summaries(replace(Logs(bucket).refresh().rows, day_start=start), by, net=net)
    return SimpleNamespace(accounts=accounts, total=next(iter(totals.values()), Summary()))


def test_gross_pnl_counts_on_the_day_that_the_bot_wrote_and_only_days_with_a_sale_appear(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 1000.0)))
    put(
        "logs/Main/trades_2025-10-21.csv",
        day(
            sell("2025-10-20T23:59:59", "BTC", 110.0, 400.0, 100.0, date="2025-10-21"),
            sell("2025-10-21T08:59:59", "BTC", 90.0, 600.0, 100.0),
        ),
    )
    main = summary(bucket).accounts["Main"]
    assert main.pnl == pytest.approx({"2025-10-21": 4000 - 6000})
    assert (main.trades, main.sells, main.wins, main.losses, main.win_rate) == (3, 2, 1, 1, 50.0)


def test_by_trading_day_what_was_sold_before_nine_is_of_the_day_before(bucket, put):
    rows = [
        sell("2025-10-21T08:59:59.999999", "BTC", 110.0, 1.0, 100.0),
        sell("2025-10-21T09:00:00", "BTC", 103.0, 1.0, 100.0),
    ]
    put("logs/Main/trades_2025-10-21.csv", day(*rows))
    assert summary(bucket, day_start="09:00").total.pnl == pytest.approx({"2025-10-20": 10.0, "2025-10-21": 3.0})


def test_net_takes_each_rows_fee_on_its_own_day(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 1000.0)))
    put("logs/Main/trades_2025-10-21.csv", day(sell("2025-10-21T10:00:00", "BTC", 110.0, 1000.0, 100.0)))
    total = summary(bucket, net=True).total
    assert total.pnl == pytest.approx({"2025-10-20": -50.0, "2025-10-21": 10_000 - 55.0})
    assert total.realised == pytest.approx(10_000 - 105.0)
    assert total.wins == 1


def test_without_a_sale_there_is_no_win_rate(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 1000.0)))
    main = summary(bucket).accounts["Main"]
    assert (main.pnl, main.realised, main.win_rate) == ({}, 0.0, None)


def test_a_sale_at_cost_is_neither_won_nor_lost(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", day(sell("2025-10-20T10:00:00", "BTC", 100.0, 1.0, 100.0)))
    main = summary(bucket).accounts["Main"]
    assert (main.sells, main.wins, main.losses, main.win_rate) == (1, 0, 0, 0.0)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "메인"]),
        st.dates(dt.date(2024, 12, 20), dt.date(2025, 2, 10)),
        st.floats(-1e7, 1e7).map(lambda x: round(x, 2)),
    ),
    max_size=40,
)


@pytest.mark.once
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(rows=ROWS)
def test_any_rows_sum_as_plain_python_sums_them(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    files = defaultdict(list)
    for second, (account, date, profit) in enumerate(rows):
        told = f"SELL,BTC,1.0,1e8,1e8,{100 * profit / (1e8 - profit)!r},{profit!r}"
        line = f"{date}T12:00:{second:02}+09:00,{date},{told}\r\n"
        files[account, date].append(line.encode())
    for (account, date), lines in files.items():
        path = folder / "logs" / account / f"trades_{date}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(day(*lines))
    for by in ("day", "week", "month"):
        found = summary(Bucket(str(folder)), by)
        expected = defaultdict(list)
        for account, date, profit in rows:
            expected[account, label(day_of(date), by)].append(profit)
        shown = {(name, period): value for name, one in found.accounts.items() for period, value in one.pnl.items()}
        assert shown == pytest.approx({key: math.fsum(values) for key, values in expected.items()}, abs=1e-6)
        assert found.total.realised == pytest.approx(math.fsum(profit for *_, profit in rows), abs=1e-6)
        assert sum(found.total.pnl.values()) == pytest.approx(found.total.realised, abs=1e-6)
        assert list(found.total.pnl) == sorted(found.total.pnl)


@given(st.lists(st.floats(-1e6, 1e6), max_size=60))
def test_the_longest_run_is_that_of_a_plain_loop(profits):
    import numpy as np

    best = run = 0
    for profit in profits:
        run = run + 1 if profit > 0 else 0 if profit < 0 else run
        best = max(best, run)
    assert streak(np.array(profits), 1) == best


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_drawdown_is_the_distance_from_the_highest_point_which_starts_at_nothing(profits):
    import numpy as np

    total, high, falls = 0.0, 0.0, []
    for value in np.cumsum(profits).tolist():
        total = value
        high = max(high, total)
        falls.append(total - high)
    assert drawdown(np.cumsum(profits)).tolist() == pytest.approx(falls)


def test_statistics_by_hand(bucket, put):
    profits = [(9, 100.0), (10, -50.0), (10, -30.0), (11, 20.0), (9, 10.0)]
    rows = [
        sell(f"2025-10-{20 + i}T{hour:02d}:30:00", "BTC" if i < 4 else "ETH", 1000.0 + profit, 1.0, 1000.0)
        for i, (hour, profit) in enumerate(profits)
    ]
    for i, row in enumerate(rows):
        put(f"logs/Main/trades_2025-10-{20 + i}.csv", day(row))
    found = statistics(Logs(bucket).refresh().rows)
    assert found.realised == pytest.approx(50)
    assert found.profit_factor == pytest.approx(130 / 80)
    assert found.average_win == pytest.approx(130 / 3)
    assert found.average_loss == pytest.approx(-40)
    assert (found.win_streak, found.loss_streak) == (2, 2)
    assert found.drawdown == pytest.approx(-80)
    assert (found.drawdown_from, found.drawdown_to) == ("2025-10-20", "2025-10-22")
    assert found.best_day == ("2025-10-20", pytest.approx(100))
    assert found.worst_day == ("2025-10-21", pytest.approx(-50))
    assert found.by_symbol == pytest.approx({"BTC": 40.0, "ETH": 10.0})
    assert found.by_hour == pytest.approx({9: 110.0, 10: -80.0, 11: 20.0})


def test_net_figures_add_up_to_the_net_pnl_and_a_sale_bears_both_fees(bucket, put):
    rows = [
        buy("2025-10-20T09:00:00", "BTC", 1000.0, 1.0),
        sell("2025-10-20T10:30:00", "BTC", 1000.5, 1.0, 1000.0),
        buy("2025-10-20T11:00:00", "ETH", 500.0, 1.0),
    ]
    put("logs/Main/trades_2025-10-20.csv", day(*rows))
    rows = Logs(bucket).refresh().rows
    found = statistics(rows, net=True)
    total = 0.5 - 0.0005 * (1000.0 + 1000.5 + 500.0)
    assert found.realised == pytest.approx(total)
    assert sum(found.by_symbol.values()) == pytest.approx(total)
    assert sum(found.by_hour.values()) == pytest.approx(total)
    assert (statistics(rows).wins, found.wins, found.losses) == (1, 0, 1)


def test_real_figures_checked_by_hand(real):
    by_day = summary(real).total.pnl
    assert by_day["2025-10-30"] == pytest.approx(-183646.0129914)  # its one row: XRP sold at 2328, bought at 2388
    assert by_day["2025-11-18"] == pytest.approx(3896301.9934 + 831343.3613 + 1716249.6876315 + 650873.8152)
    assert "2025-10-27" not in by_day
    weeks = summary(real, "week").total.pnl
    assert list(weeks) == ["2025-W43", "2025-W44", "2025-W45", "2025-W47"]
    assert weeks["2025-W44"] == pytest.approx(by_day["2025-10-30"] + by_day["2025-11-01"] + by_day["2025-11-02"])
    assert summary(real, "month").total.realised == pytest.approx(sum(by_day.values()))
    fee = 7125465.30406632 * 0.0005
    assert summary(real, net=True).total.pnl["2025-10-30"] == pytest.approx(-183646.0129914 - fee)
