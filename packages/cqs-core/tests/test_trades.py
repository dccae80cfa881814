"""FIFO round trips, positions from flat to flat, and how far each went."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core.trading.candles import Candles
from cqs_core.trading.engine import REASONS, Fill
from cqs_core.trading.trades import OPEN, positions, reason, round_trips

DAY = 86_400_000


def market(*bars):
    """One symbol; a bar is (open, high, low, close), None is missing."""
    values = np.array([(np.nan,) * 4 if bar is None else bar for bar in bars], dtype=float)
    arrays = [np.ascontiguousarray(values[:, i : i + 1]) for i in range(4)]
    ts = np.arange(len(bars), dtype=np.int64) * DAY
    return Candles(ts, ("A",), *arrays, arrays[3])


def fills(*rows):
    """(bar, reason, quantity, price, fee) each, of one symbol."""
    return np.array([(bar, 0, REASONS.index(why), q, price, fee) for bar, why, q, price, fee in rows], Fill)


FLAT = [(100, 100, 100, 100)] * 6


def test_a_round_trip_is_money_out_less_money_in():
    (trade,) = round_trips(fills((0, "signal", 2, 100, 1), (3, "stop_loss", -2, 110, 1.5)), market(*FLAT))
    assert (trade["entry"], trade["exit"], trade["quantity"], trade["bars"]) == (0, 3, 2, 3)
    assert trade["fees"] == 2.5
    assert trade["pnl"] == 220 - 1.5 - 200 - 1
    assert trade["return_pct"] == pytest.approx(100 * 17.5 / 201)
    assert reason(trade["reason"]) == "stop_loss"


def test_first_in_first_out():
    made = fills(
        (0, "signal", 1, 100, 0),
        (1, "rebalance", 1, 200, 0),
        (2, "rebalance", -1.5, 300, 0),
        (3, "signal", -0.5, 400, 0),
    )
    rows = round_trips(made, market(*FLAT))
    assert rows["entry"].tolist() == [0, 1, 1]
    assert rows["exit"].tolist() == [2, 2, 3]
    assert rows["quantity"].tolist() == [1, 0.5, 0.5]
    assert rows["pnl"].tolist() == [200, 50, 100]
    assert rows["position"].tolist() == [0, 0, 0]


def test_a_position_runs_from_flat_to_flat_with_average_prices():
    made = fills(
        (0, "signal", 1, 100, 1), (1, "rebalance", 3, 200, 2), (2, "rebalance", -2, 300, 3), (4, "signal", -2, 100, 4)
    )
    (one,) = positions(made, market(*FLAT))
    assert (one["entry"], one["exit"], one["quantity"]) == (0, 4, 4)
    assert (one["entry_price"], one["exit_price"]) == (175, 200)
    assert one["fees"] == 10
    assert one["pnl"] == 600 + 200 - 7 - 700 - 3
    assert one["return_pct"] == pytest.approx(100 * 90 / 703)


def test_positions_are_numbered_by_their_opening():
    made = fills(
        (0, "signal", 1, 100, 0), (1, "signal", -1, 100, 0), (1, "signal", 1, 100, 0), (2, "signal", -1, 100, 0)
    )
    assert positions(made, market(*FLAT))["position"].tolist() == [0, 1]
    assert round_trips(made, market(*FLAT))["position"].tolist() == [0, 1]


def test_what_is_still_held_is_marked_at_the_last_close_and_has_no_exit():
    candles = market((100, 100, 100, 100), (100, 100, 100, 130), None)
    (trade,) = round_trips(fills((0, "signal", 2, 100, 1)), candles)
    assert trade["exit"] == OPEN
    assert np.isnan(trade["exit_price"])
    assert trade["pnl"] == 2 * 130 - 201
    assert reason(trade["reason"]) == "open"
    assert trade["bars"] == 2


def test_rounding_leaves_no_crumbs_behind():
    made = fills((0, "signal", 0.1, 100, 0), (1, "rebalance", 0.2, 100, 0), (2, "signal", -(0.1 + 0.2), 100, 0))
    assert (round_trips(made, market(*FLAT))["exit"] == 2).all()
    assert len(round_trips(made, market(*FLAT))) == 2


def test_an_exit_in_parts_closes_with_the_last_of_them():
    """As engines sell where a bar's volume is short."""
    made = fills(
        (0, "signal", 0.1, 100, 1),
        (1, "rebalance", 0.2, 100, 2),
        (2, "stop_loss", -0.05, 90, 1),
        (3, "stop_loss", -0.15, 80, 1),
        (4, "stop_loss", -(0.1 + 0.2 - 0.05 - 0.15), 70, 1),
        (5, "signal", 1, 70, 0),
    )
    closed, still = positions(made, market(*FLAT))
    assert (closed["entry"], closed["exit"], reason(closed["reason"])) == (0, 4, "stop_loss")
    assert closed["quantity"] == pytest.approx(0.3)
    assert closed["pnl"] == pytest.approx(0.05 * 90 + 0.15 * 80 + 0.1 * 70 - 30 - 6)
    assert (still["position"], still["entry"], still["exit"]) == (1, 5, OPEN)
    rows = round_trips(made, market(*FLAT))
    assert rows["exit"].tolist() == [2, 3, 3, 4, OPEN]
    assert rows["quantity"].tolist() == pytest.approx([0.05, 0.05, 0.1, 0.1, 1])
    assert rows["position"].tolist() == [0, 0, 0, 0, 1]


def test_no_fills_are_no_trades():
    assert len(round_trips(fills(), market(*FLAT))) == 0
    assert len(positions(fills(), market(*FLAT))) == 0


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(1, 1000), st.booleans(), st.floats(0, 1)), max_size=30))
def test_rows_and_positions_sum_to_the_same_money(steps):
    made, held, bar = [], 0.0, 0
    for bar, (quantity, price, buys, share) in enumerate(steps):
        if buys or held == 0:
            made.append((bar, "rebalance" if held else "signal", quantity, price, price / 100))
            held += quantity
        elif share > 0.5:
            part = held if share > 0.7 else held * share
            made.append((bar, "signal", -part, price, 1))
            held -= part
        elif share > 0.01:
            made.append((bar, "rebalance", -held * share, price, 1))
            held -= held * share
    candles = market(*[(100, 100, 100, 100)] * (bar + 1))
    rows, whole = round_trips(fills(*made), candles), positions(fills(*made), candles)
    money = sum(-q * price - fee for _, _, q, price, fee in made) + held * 100
    assert rows["pnl"].sum() == pytest.approx(money, abs=1e-6)
    assert whole["pnl"].sum() == pytest.approx(money, abs=1e-6)
    assert rows["fees"].sum() == pytest.approx(whole["fees"].sum(), abs=1e-9)
    assert set(rows["position"]) == set(whole["position"])


class TestExcursions:
    def extremes(self, candles, *rows):
        (trade,) = round_trips(fills(*rows), candles)
        return round(trade["mae_pct"], 9), round(trade["mfe_pct"], 9)

    def test_the_entry_bar_counts_with_low_and_high(self):
        candles = market((100, 130, 80, 100), (100, 100, 100, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0), (1, "signal", -1, 100, 0)) == (-20, 30)

    def test_after_a_limit_inside_the_bar_its_close_stands_for_the_high(self):
        candles = market((100, 130, 80, 95), (95, 95, 95, 95))
        assert self.extremes(candles, (0, "signal", 1, 90, 0), (1, "signal", -1, 95, 0)) == (
            round(100 * (80 / 90 - 1), 9),
            round(100 * (95 / 90 - 1), 9),
        )

    def test_full_bars_between_count_whole(self):
        candles = market((100, 100, 100, 100), (100, 150, 60, 100), (100, 100, 100, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0), (2, "signal", -1, 100, 0)) == (-40, 50)

    def test_of_the_exit_bar_only_open_and_fill_count(self):
        candles = market((100, 100, 100, 100), (105, 200, 10, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0), (1, "stop_loss", -1, 95, 0)) == (-5, 5)

    def test_in_and_out_in_one_bar_only_the_fills_count(self):
        candles = market((100, 200, 10, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0), (0, "stop_loss", -1, 95, 0)) == (-5, 0)

    def test_missing_bars_are_skipped(self):
        candles = market((100, 101, 99, 100), None, (100, 100, 100, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0), (2, "signal", -1, 100, 0)) == (-1, 1)

    def test_what_is_still_held_counts_to_the_end(self):
        candles = market((100, 100, 100, 100), (100, 150, 60, 100))
        assert self.extremes(candles, (0, "signal", 1, 100, 0)) == (-40, 50)

    def test_a_position_counts_from_its_average_price(self):
        candles = market((100, 100, 100, 100), (200, 300, 200, 200), (200, 200, 200, 200))
        made = fills((0, "signal", 1, 100, 0), (1, "rebalance", 1, 200, 0), (2, "signal", -2, 200, 0))
        (one,) = positions(made, candles)
        assert one["mfe_pct"] == pytest.approx(100)
        assert one["mae_pct"] == pytest.approx(100 * (100 / 150 - 1))
