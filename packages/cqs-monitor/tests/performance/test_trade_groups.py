"""Trades that pass a filter, in groups, and their totals."""

from __future__ import annotations

import datetime as dt

import pytest
from logfiles import buy, day, sell

from cqs_monitor import Logs
from cqs_monitor.performance.blotter import TradeFilter, chosen_trades, trades_frame
from cqs_monitor.performance.reader import Figures
from cqs_monitor.performance.report import Choice
from cqs_monitor.performance.trade_groups import GROUPS, trade_groups, trade_totals


@pytest.fixture
def figures(put, bucket):
    first = [buy("2025-10-20T10:00:00", "BTC", 100.0, 1.0), buy("2025-10-20T11:00:00", "ETH", 10.0, 10.0)]
    second = [
        sell("2025-10-22T10:00:00", "BTC", 120.0, 1.0, 100.0),
        sell("2025-10-22T11:00:00", "ETH", 5.0, 10.0, 10.0),
    ]
    put("logs/Main/trades_2025-10-20.csv", day(*first))
    put("logs/Main/trades_2025-10-22.csv", day(*second))
    put("logs/Other/trades_2025-10-21.csv", day(sell("2025-10-21T09:30:00", "BTC", 101.0, 1.0, 100.0)))
    return Figures(Logs(bucket).refresh())


def chosen(figures, *asked):
    return chosen_trades(figures, Choice(), TradeFilter(*asked))


def test_totals_are_those_of_what_passes(figures):
    found = trade_totals(chosen(figures), net=False)
    assert (found.trades, found.sales, found.pnl) == (5, 3, pytest.approx(-29.0))
    assert found.won == pytest.approx(200 / 3)
    none = trade_totals(chosen(figures, "doge"), net=False)
    assert (none.trades, none.won, none.pnl) == (0, None, 0.0)


def test_groups_add_up_to_the_totals(figures):
    rows = chosen(figures)
    for by in GROUPS:
        frame = trade_groups(rows, by, net=True)
        assert frame["pnl"].sum() == pytest.approx(trade_totals(rows, net=True).pnl)
        assert frame["trades"].sum() == 5
    symbols = trade_groups(rows, "symbol", net=False).set_index("group")
    assert symbols["pnl"].to_dict() == pytest.approx({"ETH": -50.0, "BTC": 21.0})
    assert symbols["won"].to_dict() == {"ETH": 0.0, "BTC": 100.0}
    assert trade_groups(rows, "day", net=False)["group"].tolist() == ["2025-10-22", "2025-10-21", "2025-10-20"]
    assert trade_groups(chosen(figures, "doge"), "symbol", net=False).empty


def test_days_are_the_bots_and_both_ends_are_included(figures):
    one = dt.date(2025, 10, 21)
    assert len(trades_frame(chosen(figures, "", one, one))) == 1
    assert len(trades_frame(chosen(figures, "", one))) == 3
    assert len(trades_frame(chosen(figures, "", None, one))) == 3


def test_words_and_days_are_both_asked_for(figures):
    frame = trades_frame(chosen(figures, "sell btc", dt.date(2025, 10, 22)))
    assert frame[["time", "symbol", "account"]].values.tolist() == [["2025-10-22 10:00:00", "BTC", "Main"]]
