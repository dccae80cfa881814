"""Every step of `cqs_core.trading.engine`, computed by hand, on both engines."""

import numpy as np
import pytest
from handmade import FLAT, FREE, filled, market, orders

from cqs_core import Costs, Fill, UsageError

pytestmark = pytest.mark.once

UP = (100, 120, 95, 110)


def run(engine, candles, costs=FREE, **fields):
    return engine.execute(candles, orders(candles, **fields), costs)


def test_an_entry_without_a_price_buys_at_the_open(engine):
    done = run(engine, market(FLAT, UP), enter=[0, 1])
    assert filled(done) == [(1, 0, "signal", 10, 100)]
    assert done.equity.tolist() == [1000, 1100]


def test_fills_have_the_dtype_of_the_contract(engine):
    done = run(engine, market(FLAT, UP), enter=[0, 0])
    assert done.fills.dtype == Fill
    assert len(done.fills) == 0
    assert done.equity.tolist() == [1000, 1000]


def test_the_first_bar_may_trade(engine):
    assert filled(run(engine, market(UP), enter=[1])) == [(0, 0, "signal", 10, 100)]


def test_an_exit_sells_at_the_open(engine):
    done = run(engine, market(FLAT, UP, (120, 130, 110, 115)), enter=[0, 1, 0], exit=[0, 0, 1])
    assert filled(done)[1] == (2, 0, "signal", -10, 120)
    assert done.equity[-1] == 1200


def test_a_purchase_pays_fee_and_slippage_out_of_its_budget(engine):
    costs = Costs(fee=0.01, slip=0.1, capital=1000)
    done = run(engine, market(FLAT, FLAT), costs, enter=[1, 0])
    quantity = 1000 / (110 * 1.01)
    assert filled(done) == [(0, 0, "signal", round(quantity, 9), 110)]
    assert done.fills["fee"][0] == pytest.approx(quantity * 110 * 0.01, rel=1e-12)
    assert done.equity[0] == pytest.approx(quantity * 100, rel=1e-12)


def test_a_sale_gets_less_and_pays_its_fee(engine):
    costs = Costs(fee=0.01, slip=0.1, capital=1000)
    done = run(engine, market(FLAT, FLAT), costs, enter=[1, 0], exit=[0, 1])
    quantity = 1000 / (110 * 1.01)
    assert filled(done)[1] == (1, 0, "signal", round(-quantity, 9), 90)
    assert done.equity[1] == pytest.approx(quantity * 90 * 0.99, rel=1e-12)


def test_weight_is_a_share_of_equity(engine):
    done = run(engine, market(FLAT, UP), enter=[1, 0], weight=0.25)
    assert filled(done) == [(0, 0, "signal", 2.5, 100)]


def test_max_cash_leaves_the_rest_of_the_cash(engine):
    assert filled(run(engine, market(FLAT), enter=[1], max_cash=0.99)) == [(0, 0, "signal", 9.9, 100)]


def test_an_order_on_a_missing_bar_is_dropped_not_deferred(engine):
    candles = market(A=[FLAT, None, FLAT], B=[FLAT, FLAT, FLAT])
    done = run(engine, candles, enter=[[0, 0], [1, 0], [0, 0]])
    assert filled(done) == []


def test_an_exit_on_a_missing_bar_is_dropped(engine):
    candles = market(A=[FLAT, None, FLAT], B=[FLAT, FLAT, FLAT])
    done = run(engine, candles, enter=[[1, 0], [0, 0], [0, 0]], exit=[[0, 0], [1, 0], [0, 0]])
    assert len(done.fills) == 1


def test_a_missing_bar_is_marked_at_the_last_close(engine):
    candles = market(A=[(100, 100, 100, 80), None], B=[FLAT, FLAT])
    done = run(engine, candles, enter=[[1, 0], [0, 0]], weight=1.0)
    assert done.equity.tolist() == [800, 800]


def test_equity_at_the_open_takes_the_last_close_of_a_missing_bar(engine):
    candles = market(A=[(100, 100, 100, 80), None], B=[FLAT, FLAT])
    done = run(engine, candles, enter=[[1, 0], [0, 1]], weight=0.5)
    assert filled(done)[1] == (1, 1, "signal", 4.5, 100)  # half of 500 cash + 5 * 80


def test_entry_is_refused_while_held(engine):
    assert len(run(engine, market(FLAT, FLAT), enter=[1, 1], weight=0.5).fills) == 1


def test_after_an_exit_at_the_open_an_entry_in_the_same_bar_is_allowed(engine):
    done = run(engine, market(FLAT, UP), enter=[1, 1], exit=[0, 1], stop=[100, 110])
    assert [row[:3] for row in filled(done)] == [(0, 0, "signal"), (1, 0, "signal"), (1, 0, "signal")]


def test_a_missing_weight_is_an_equal_share(engine):
    candles = market(A=[FLAT, FLAT], B=[FLAT, FLAT])
    assert filled(run(engine, candles, enter=[[1, 0], [0, 1]]))[0] == (0, 0, "signal", 5, 100)


@pytest.mark.parametrize("price", ["stop", "limit"])
def test_a_cell_without_a_price_is_no_order_where_orders_have_prices(engine, price):
    assert filled(run(engine, market(FLAT, UP), enter=[1, 1], **{price: [None, 100]})) == [(1, 0, "signal", 10, 100)]


def test_a_stop_here_and_a_limit_there(engine):
    prices = {"stop": [[110, None, None]], "limit": [[None, 96, None]]}
    done = run(engine, market(A=[UP], B=[UP], C=[UP]), enter=[[1, 1, 1]], weight=0.3, **prices)
    assert [row[1] for row in filled(done)] == [0, 1]


class TestStopEntry:
    def test_it_fills_at_the_stop_when_the_high_reaches_it(self, engine):
        assert filled(run(engine, market(UP), enter=[1], stop=[120])) == [(0, 0, "signal", round(1000 / 120, 9), 120)]

    def test_it_does_not_fill_below(self, engine):
        assert filled(run(engine, market(UP), enter=[1], stop=[120.01])) == []

    def test_it_fills_at_the_open_when_that_lies_above(self, engine):
        assert filled(run(engine, market(UP), enter=[1], stop=[90])) == [(0, 0, "signal", 10, 100)]

    def test_it_slips(self, engine):
        done = run(engine, market(UP), Costs(fee=0, slip=0.1, capital=1000), enter=[1], stop=[110])
        assert filled(done)[0][4] == 121

    def test_stops_take_what_cash_is_left_in_column_order(self, engine):
        candles = market(A=[UP], B=[UP])
        done = run(engine, candles, enter=[[1, 1]], stop=[[110, 110]], weight=0.75)
        assert filled(done) == [(0, 0, "signal", round(750 / 110, 9), 110), (0, 1, "signal", round(250 / 110, 9), 110)]


class TestLimitEntry:
    def test_it_fills_at_the_limit_when_the_low_reaches_it(self, engine):
        assert filled(run(engine, market(UP), enter=[1], limit=[95])) == [(0, 0, "signal", round(1000 / 95, 9), 95)]

    def test_it_does_not_fill_above(self, engine):
        assert filled(run(engine, market(UP), enter=[1], limit=[94])) == []

    def test_it_fills_at_the_open_when_that_lies_below(self, engine):
        assert filled(run(engine, market(UP), enter=[1], limit=[105])) == [(0, 0, "signal", 10, 100)]

    def test_it_never_slips(self, engine):
        done = run(engine, market(UP), Costs(fee=0, slip=0.1, capital=1000), enter=[1], limit=[96])
        assert filled(done)[0][4] == 96


class TestTarget:
    def test_it_buys_up_to_its_share(self, engine):
        assert filled(run(engine, market(FLAT), target=[0.3])) == [(0, 0, "signal", 3, 100)]

    def test_nan_leaves_alone(self, engine):
        assert len(run(engine, market(FLAT, UP), target=[0.3, None]).fills) == 1

    def test_zero_leaves(self, engine):
        assert filled(run(engine, market(FLAT, FLAT), target=[0.3, 0]))[1] == (1, 0, "signal", -3, 100)

    def test_it_reduces_what_has_grown(self, engine):
        done = run(engine, market(FLAT, (200, 200, 200, 200)), target=[0.5, 0.5])
        # 5 x 200 + 500 cash = 1500; half of it is 750, so 250 / 200 are sold
        assert filled(done)[1] == (1, 0, "rebalance", -1.25, 200)

    def test_it_increases_what_has_shrunk(self, engine):
        done = run(engine, market(FLAT, (50, 50, 50, 50)), target=[0.5, 0.5])
        # 5 x 50 + 500 cash = 750; half of it is 375, so 125 / 50 are bought
        assert filled(done)[1] == (1, 0, "rebalance", 2.5, 50)

    def test_reductions_come_before_increases(self, engine):
        candles = market(A=[FLAT, FLAT], B=[FLAT, FLAT])
        done = run(engine, candles, target=[[0, 1], [1, 0.25]])
        assert filled(done)[1:] == [(1, 1, "rebalance", -7.5, 100), (1, 0, "signal", 7.5, 100)]

    def test_what_wants_in_at_one_open_shares_the_cash_in_proportion(self, engine):
        candles = market(A=[FLAT], B=[FLAT])
        done = run(engine, candles, enter=[[1, 0]], weight=0.9, target=[[None, 0.6]])
        # 900 + 600 are wanted of 1000
        assert filled(done) == [(0, 0, "signal", 6, 100), (0, 1, "signal", 4, 100)]

    def test_the_names_of_columns_do_not_matter(self, engine):
        candles = market(A=[FLAT], B=[FLAT], C=[FLAT])
        done = run(engine, candles, enter=[[1, 1, 1]], weight=[[0.2, 0.8, 0.6]])
        assert done.fills["quantity"] == pytest.approx([1.25, 5, 3.75], rel=1e-12)

    def test_a_change_of_dust_is_left_alone(self, engine):
        done = run(engine, market(FLAT, FLAT), target=[0.5, 0.5 + 5e-7])
        assert len(done.fills) == 1


class TestLotsAndMinimum:
    def test_quantities_are_whole_lots(self, engine):
        done = run(engine, market((99, 99, 99, 99)), Costs(fee=0, slip=0, lot=0.5, capital=1000), enter=[1])
        assert filled(done) == [(0, 0, "signal", 10, 99)]

    def test_a_multiple_that_rounding_missed_counts(self, engine):
        done = run(engine, market((0.1, 0.1, 0.1, 0.1)), Costs(fee=0, slip=0, lot=0.1, capital=0.03), enter=[1])
        assert filled(done) == [(0, 0, "signal", 0.3, 0.1)]

    def test_an_order_below_the_minimum_is_skipped(self, engine):
        done = run(
            engine, market(FLAT, FLAT), Costs(fee=0, slip=0, min_order=501, capital=1000), enter=[1, 0], weight=0.5
        )
        assert filled(done) == []

    def test_the_minimum_itself_is_allowed(self, engine):
        done = run(engine, market(FLAT), Costs(fee=0, slip=0, min_order=500, capital=1000), enter=[1], weight=0.5)
        assert len(done.fills) == 1

    def test_a_reduction_obeys_lot_and_minimum(self, engine):
        costs = Costs(fee=0, slip=0, min_order=300, capital=1000)
        assert len(run(engine, market(FLAT, (200, 200, 200, 200)), costs, target=[0.5, 0.5]).fills) == 1
        lots = Costs(fee=0, slip=0, lot=1, capital=1000)
        assert filled(run(engine, market(FLAT, (200,) * 4), lots, target=[0.5, 0.5]))[1][3] == -1

    def test_a_full_exit_always_goes(self, engine):
        costs = Costs(fee=0, slip=0, min_order=900, lot=1, capital=1000)
        done = run(engine, market(FLAT, (10, 10, 10, 10)), costs, enter=[1, 0], exit=[0, 1])
        assert filled(done)[1] == (1, 0, "signal", -10, 10)

    def test_what_a_skipped_entry_leaves_stays_cash(self, engine):
        candles = market(A=[FLAT], B=[FLAT])
        costs = Costs(fee=0, slip=0, min_order=350, capital=1000)
        done = run(engine, candles, costs, enter=[[1, 1]], weight=[[0.5, 1.0]])
        assert filled(done) == [(0, 1, "signal", round(2000 / 3 / 100, 9), 100)]


class TestProtection:
    def test_the_stop_loss_sells_at_its_level(self, engine):
        done = run(engine, market(FLAT, (100, 100, 85, 95)), enter=[1, 0], stop_loss=0.1)
        assert filled(done)[1] == (1, 0, "stop_loss", -10, 90)

    def test_it_slips(self, engine):
        done = run(engine, market((100, 100, 85, 95)), Costs(fee=0, slip=0.1, capital=1100), enter=[1], stop_loss=0.1)
        assert filled(done)[1] == (0, 0, "stop_loss", -10, round(110 * 0.9 * 0.9, 9))

    def test_an_open_below_it_sells_at_the_open(self, engine):
        done = run(engine, market(FLAT, (80, 85, 75, 80)), enter=[1, 0], stop_loss=0.1)
        assert filled(done)[1] == (1, 0, "stop_loss", -10, 80)

    def test_the_take_profit_sells_at_its_level_without_slippage(self, engine):
        costs = Costs(fee=0, slip=0.1, capital=1100)
        done = run(engine, market(FLAT, (120, 140, 119, 125)), costs, enter=[1, 0], take_profit=0.2)
        assert filled(done)[1] == (1, 0, "take_profit", -10, 132)

    def test_an_open_above_it_sells_at_the_open_without_slippage(self, engine):
        costs = Costs(fee=0, slip=0.1, capital=1100)
        done = run(engine, market(FLAT, (140, 150, 139, 145)), costs, enter=[1, 0], take_profit=0.2)
        assert filled(done)[1] == (1, 0, "take_profit", -10, 140)

    def test_where_both_are_hit_it_is_the_stop(self, engine):
        done = run(engine, market((100, 130, 80, 110)), enter=[1], stop_loss=0.1, take_profit=0.2)
        assert filled(done)[1] == (0, 0, "stop_loss", -10, 90)

    def test_an_exit_signal_comes_before_protection(self, engine):
        done = run(engine, market(FLAT, (80, 85, 75, 80)), enter=[1, 0], exit=[0, 1], stop_loss=0.1)
        assert filled(done)[1][2] == "signal"

    def test_the_trailing_stop_follows_the_highest_price_from_the_next_bar(self, engine):
        candles = market((100, 150, 100, 150), (150, 150, 130, 140))
        done = run(engine, candles, enter=[1, 0], trailing=0.1)
        assert filled(done)[1] == (1, 0, "trailing", -10, 135)

    def test_the_peak_starts_at_the_entry(self, engine):
        done = run(engine, market((100, 100, 89, 95)), enter=[1], trailing=0.1)
        assert filled(done)[1] == (0, 0, "trailing", -10, 90)

    def test_a_tie_is_the_stop_loss(self, engine):
        done = run(engine, market((100, 100, 89, 95)), enter=[1], trailing=0.1, stop_loss=0.1)
        assert filled(done)[1][2] == "stop_loss"

    def test_the_higher_level_names_the_reason(self, engine):
        candles = market((100, 150, 100, 150), (150, 150, 80, 140))
        done = run(engine, candles, enter=[1, 0], trailing=0.1, stop_loss=0.1)
        assert filled(done)[1][2] == "trailing"

    def test_levels_are_latched_from_the_entry_bar(self, engine):
        done = run(engine, market(FLAT, (100, 100, 85, 95)), enter=[1, 0], stop_loss=[None, 0.1])
        assert len(done.fills) == 1

    def test_no_entry_after_a_protective_exit_of_the_same_bar(self, engine):
        done = run(engine, market((100, 100, 85, 95), FLAT), enter=[1, 0], stop_loss=0.1)
        assert len(done.fills) == 2

    def test_a_gap_exit_at_the_open_lets_a_new_entry_in(self, engine):
        done = run(engine, market(FLAT, (80, 85, 75, 80)), enter=[1, 1], stop_loss=0.1)
        assert [row[2] for row in filled(done)] == ["signal", "stop_loss", "signal"]

    def test_later_increases_move_neither_entry_nor_peak(self, engine):
        candles = market(FLAT, (50, 50, 50, 50), (50, 50, 45, 50))
        done = run(engine, candles, target=[0.5, 0.5, None], stop_loss=0.6)
        assert len(done.fills) == 2  # the level is 40, from the first fill

    def test_it_acts_from_the_entry_at_a_target_too(self, engine):
        done = run(engine, market((100, 100, 85, 95)), target=[0.5], stop_loss=0.1)
        assert filled(done)[1] == (0, 0, "stop_loss", -5, 90)


class TestEntryInsideTheBar:
    def test_after_a_stop_above_the_open_the_low_says_nothing(self, engine):
        # entered at 110, level 104.5 above the open: the low of 95 may have come first, and the close is above
        done = run(engine, market((100, 120, 95, 115)), enter=[1], stop=[110], stop_loss=0.05)
        assert len(done.fills) == 1

    def test_the_close_below_the_level_tells(self, engine):
        done = run(engine, market((100, 120, 95, 104)), enter=[1], stop=[110], stop_loss=0.05)
        assert filled(done)[1] == (0, 0, "stop_loss", round(-1000 / 110, 9), 104.5)

    def test_a_level_below_the_open_is_hit_by_the_low(self, engine):
        done = run(engine, market((100, 120, 95, 115)), enter=[1], stop=[110], stop_loss=0.1)
        assert filled(done)[1] == (0, 0, "stop_loss", round(-1000 / 110, 9), 99)

    def test_a_gapped_stop_is_an_entry_at_the_open(self, engine):
        done = run(engine, market((100, 120, 94, 115)), enter=[1], stop=[90], stop_loss=0.05)
        assert filled(done)[1] == (0, 0, "stop_loss", -10, 95)

    def test_a_take_profit_works_after_a_stop_entry(self, engine):
        done = run(engine, market((100, 120, 99, 115)), enter=[1], stop=[110], take_profit=0.05)
        assert filled(done)[1] == (0, 0, "take_profit", round(-1000 / 110, 9), 115.5)

    def test_but_not_after_a_limit_entry(self, engine):
        done = run(engine, market((100, 120, 90, 115)), enter=[1], limit=[95], take_profit=0.05)
        assert len(done.fills) == 1

    def test_the_peak_after_a_limit_entry_is_the_close(self, engine):
        candles = market((100, 120, 90, 100), (100, 100, 91, 95))
        done = run(engine, candles, enter=[1, 0], limit=[95, None], trailing=0.1)
        assert len(done.fills) == 1  # the level is 90, not 108

    def test_the_peak_after_a_stop_entry_is_the_high(self, engine):
        candles = market((100, 120, 99.5, 112), (112, 112, 100, 105))
        done = run(engine, candles, enter=[1, 0], stop=[110, None], trailing=0.1)
        assert filled(done)[1] == (1, 0, "trailing", round(-1000 / 110, 9), 108)


def test_cash_is_never_spent_twice(engine):
    candles = market(A=[UP, UP], B=[UP, UP])
    done = run(engine, candles, enter=[[1, 1], [1, 1]], stop=[[None, 110], [110, None]])
    spent = np.sum(done.fills["quantity"] * done.fills["price"])
    assert spent <= 1000 * (1 + 1e-9)


def thin(volume, price=100.0):
    """A flat bar of this volume."""
    return (price, price, price, price, volume)


class TestVolume:
    costs = Costs(fee=0, slip=0, capital=1000, max_volume_share=0.1)

    def test_without_a_limit_it_plays_no_part(self, engine):
        assert filled(run(engine, market(thin(0)), enter=[1])) == [(0, 0, "signal", 10, 100)]

    def test_a_purchase_is_no_more_than_its_share(self, engine):
        done = run(engine, market(thin(40)), self.costs, enter=[1])
        assert filled(done) == [(0, 0, "signal", 4, 100)]
        assert done.equity.tolist() == [1000]

    def test_an_increase_and_a_reduction_likewise(self, engine):
        candles = market(thin(1000), thin(5, 200.0), thin(5, 25.0))
        done = run(engine, candles, self.costs, target=[0.5, 0.5, 0.5])
        assert [row[2:4] for row in filled(done)] == [("signal", 5), ("rebalance", -0.5), ("rebalance", 0.5)]

    @pytest.mark.parametrize("entry", [{"stop": [110]}, {"limit": [96]}])
    def test_stops_and_limits_likewise(self, engine, entry):
        done = run(engine, market((*UP, 20)), self.costs, enter=[1], **entry)
        assert [row[3] for row in filled(done)] == [2]

    def test_nothing_fills_where_nothing_was_traded(self, engine):
        assert filled(run(engine, market(thin(0), thin(0)), self.costs, enter=[1, 1])) == []

    def test_an_exit_goes_on_at_the_next_opens_until_all_is_sold(self, engine):
        candles = market(thin(1000), thin(40), thin(0, 90.0), thin(30, 80.0), thin(500, 70.0), thin(500))
        done = run(engine, candles, self.costs, enter=[1, 0, 0, 1, 1, 0], exit=[0, 1, 0, 0, 0, 0])
        sold = [(1, 0, "signal", -4, 100), (3, 0, "signal", -3, 80), (4, 0, "signal", -3, 70)]
        assert filled(done) == [(0, 0, "signal", 10, 100), *sold, (4, 0, "signal", round(850 / 70, 9), 70)]

    def test_its_rest_slips_and_keeps_its_reason(self, engine):
        costs = Costs(fee=0, slip=0.1, capital=1100, max_volume_share=0.1)
        candles = market(thin(1000), (100, 140, 100, 130, 40), thin(1000, 130.0))
        done = run(engine, candles, costs, enter=[1, 0, 0], take_profit=0.2)
        assert filled(done)[1:] == [(1, 0, "take_profit", -4, 132), (2, 0, "take_profit", -6, 117)]

    def test_while_it_goes_on_nothing_else_counts(self, engine):
        candles = market(thin(1000), thin(40), thin(1000, 10.0), thin(1000, 10.0))
        done = run(engine, candles, self.costs, target=[0.5, 0, 1, 0.5], stop_loss=0.5)
        assert filled(done)[:3] == [(0, 0, "signal", 5, 100), (1, 0, "signal", -4, 100), (2, 0, "signal", -1, 10)]

    def test_lots_are_whole_in_each_part(self, engine):
        costs = Costs(fee=0, slip=0, capital=1000, lot=1, max_volume_share=0.1)
        done = run(engine, market(thin(1000), thin(37), thin(1000)), costs, enter=[1, 0, 0], exit=[0, 1, 0])
        assert [row[3] for row in filled(done)] == [10, -3, -7]

    def test_what_is_bought_and_sold_in_one_bar_counts_together(self, engine):
        done = run(engine, market((100, 100, 80, 95, 30)), self.costs, enter=[1], stop_loss=0.1)
        assert filled(done) == [(0, 0, "signal", 3, 100)]  # nothing is left to sell with in this bar


class TestEnd:
    candles = market(A=[FLAT, (100, 100, 100, 80), None, None], B=[FLAT] * 4)

    def test_what_has_no_more_candles_is_held_at_its_last_close(self, engine):
        done = run(engine, self.candles, enter=[[1, 0]] * 4)
        assert len(done.fills) == 1
        assert done.equity.tolist() == [1000, 900, 900, 900]

    def test_or_is_sold_at_it(self, engine):
        costs = Costs(fee=0, slip=0.1, capital=1100, on_end="sell")
        done = run(engine, self.candles, costs, enter=[[1, 0]] * 4)
        assert filled(done) == [(0, 0, "signal", 5, 110), (1, 0, "end", -5, 72)]
        assert done.equity.tolist() == [1050, 910, 910, 910]

    def test_what_lasts_is_not_sold(self, engine):
        done = run(engine, self.candles, Costs(capital=1000, on_end="sell"), enter=[[0, 1]] * 4)
        assert len(done.fills) == 1

    def test_a_hole_is_no_end(self, engine):
        candles = market(A=[FLAT, None, FLAT], B=[FLAT] * 3)
        assert len(run(engine, candles, Costs(capital=1000, on_end="sell"), enter=[[1, 0]] * 3).fills) == 1


@pytest.mark.parametrize(
    "fields", [{"max_volume_share": 10}, {"max_volume_share": 0}, {"max_volume_share": np.nan}, {"on_end": "keep"}]
)
def test_a_limit_that_means_nothing_is_refused(fields):
    with pytest.raises(UsageError, match=next(iter(fields))):
        Costs(**fields)
