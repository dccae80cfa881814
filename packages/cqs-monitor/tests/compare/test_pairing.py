"""Positions of the bot against those of the rule: who belongs to whom, how they differ, and where the money went."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Candles
from cqs_monitor.compare.bot_positions import live_positions
from cqs_monitor.compare.bridge import build_bridge
from cqs_monitor.compare.deviations import deviations
from cqs_monitor.compare.notes import _held
from cqs_monitor.compare.pairing import Pairing, Tolerance, pair_up
from cqs_monitor.compare.position import Traded
from cqs_monitor.compare.slippage import measured
from cqs_monitor.logs.bot.lines import table_of
from cqs_monitor.logs.bot.row import Row

DAY = 86_400_000
TOLERANCE = Tolerance()


def position(
    entry: int, leave: int | None, price=100.0, out=110.0, quantity=10.0, market="BTC/KRW", late=60_000
) -> Traded:
    """Bought in bar `entry` at `price`, sold in bar `leave` at `out`."""
    return Traded(
        market,
        entry,
        leave,
        entry * DAY,
        None if leave is None else leave * DAY + late,
        price,
        out,
        quantity,
        fees=0.0005 * quantity * (price + out),
    )


def kinds(rule, live):
    return [(one.kind, one.symbol) for one in deviations(pair_up(rule, live, TOLERANCE))]


def test_the_same_is_no_deviation():
    assert kinds([position(1, 5), position(8, None)], [position(1, 5), position(8, None)]) == []


def test_missed_and_extra_are_whole_positions():
    assert kinds([position(1, 5)], []) == [("missed", "BTC/KRW")]
    assert kinds([], [position(1, 5)]) == [("extra", "BTC/KRW")]


def test_positions_of_other_markets_never_belong_together():
    found = pair_up([position(1, 5)], [position(1, 5, market="ETH/KRW")], TOLERANCE)
    assert (len(found.matched), len(found.missed), len(found.extra)) == (0, 1, 1)


def test_a_purchase_some_days_late_is_the_rules_own_while_it_still_holds():
    assert kinds([position(1, 5)], [position(3, 5)]) == [("late", "BTC/KRW")]
    assert kinds([position(1, 5)], [position(5, 7)]) == [("missed", "BTC/KRW"), ("extra", "BTC/KRW")]


def test_sales_are_late_by_days_or_by_more_than_half_an_hour_and_early_by_days():
    assert kinds([position(1, 5)], [position(1, 6)]) == [("late", "BTC/KRW")]
    assert kinds([position(1, 5)], [position(1, 5, late=32 * 60_000)]) == [("late", "BTC/KRW")]
    assert kinds([position(1, 5)], [position(1, 4)]) == [("early", "BTC/KRW")]
    assert kinds([position(1, 5)], [position(1, None)]) == [("late", "BTC/KRW")]
    assert kinds([position(1, None)], [position(1, 4)]) == [("early", "BTC/KRW")]


def test_another_size_is_one_that_differs_from_the_usual_ratio():
    rule = [position(i, i + 2) for i in range(0, 40, 4)]
    doubled = [replace(one, quantity=2 * one.quantity) for one in rule]
    assert kinds(rule, doubled) == []
    odd = [*doubled[:-1], replace(doubled[-1], quantity=doubled[-1].quantity / 2)]
    assert kinds(rule, odd) == [("size", "BTC/KRW")]
    assert [d.kind for d in deviations(pair_up(rule, doubled, TOLERANCE, scale=1.0))] == ["size"] * 10


def test_who_came_first_when_cash_was_short_is_no_other_size():
    rule = [
        position(1, 5, quantity=10.0),
        position(1, 5, quantity=6.0, market="ETH/KRW"),
        position(9, 10),
        position(12, 13),
    ]
    live = [
        position(1, 5, quantity=6.0),
        position(1, 5, quantity=10.0, market="ETH/KRW"),
        position(9, 10),
        position(12, 13),
    ]
    assert kinds(rule, live) == []


def test_a_fill_far_from_the_rules_is_another_price():
    assert kinds([position(1, 5)], [position(1, 5, price=100.4)]) == []
    assert kinds([position(1, 5)], [position(1, 5, price=100.6)]) == [("price", "BTC/KRW")]
    assert kinds([position(1, 5)], [position(1, 5, out=109.0)]) == [("price", "BTC/KRW")]


def test_churn_gives_one_pair_and_the_rest_extra():
    live = [position(1, 1, late=i) for i in range(50)]
    found = pair_up([position(1, 5)], live, TOLERANCE)
    assert (len(found.matched), len(found.missed), len(found.extra)) == (1, 0, 49)


POSITIONS = st.lists(
    st.builds(
        position,
        entry=st.integers(0, 20),
        leave=st.one_of(st.none(), st.integers(21, 40)),
        price=st.floats(0.01, 1e5),
        out=st.floats(0.01, 1e5),
        quantity=st.floats(1e-6, 9e4),
        market=st.sampled_from(["BTC/KRW", "ETH/KRW"]),
    ),
    max_size=12,
)


@pytest.mark.once
@given(POSITIONS, POSITIONS)
def test_every_position_is_somewhere_once(rule, live):
    found = pair_up(rule, live, TOLERANCE)
    wanted = [pair.expected for pair in found.matched] + found.missed
    done = [pair.live for pair in found.matched] + found.extra
    assert sorted(map(id, wanted)) == sorted(map(id, rule))
    assert sorted(map(id, done)) == sorted(map(id, live))


@pytest.mark.once
@given(POSITIONS, POSITIONS)
def test_the_parts_of_the_bridge_add_up_to_the_hundredth(rule, live):
    parts = build_bridge(pair_up(rule, live, TOLERANCE)).json()
    end = parts.pop("live")
    assert round(sum(round(value * 100) for value in parts.values())) == round(end * 100)


@pytest.mark.once
@given(POSITIONS, POSITIONS)
def test_each_end_of_the_bridge_is_what_its_positions_earned(rule, live):
    bridge = build_bridge(pair_up(rule, live, TOLERANCE))
    earned = [sum(one.gross - one.fees for one in side) for side in (rule, live)]
    assert [bridge.backtest, bridge.live] == pytest.approx(earned, rel=1e-9, abs=0.02)


def test_the_bridge_by_hand():
    rule = [position(1, 5), position(10, 12, price=50.0, out=60.0, quantity=4.0)]
    live = [
        position(1, 5, price=101.0, out=109.0, quantity=12.0),
        position(20, 22, price=10.0, out=9.0, quantity=100.0),
    ]
    bridge = build_bridge(pair_up(rule, live, TOLERANCE))
    fees = [
        0.0005 * sum(quantity * (a + b) for a, b, quantity in side)
        for side in (
            [(100, 110, 10), (50, 60, 4)],
            [(101, 109, 12), (10, 9, 100)],
        )
    ]
    assert bridge.backtest == pytest.approx(100 + 40 - fees[0], abs=0.01)
    assert bridge.missed == -40
    assert bridge.extra == -100
    assert bridge.price == pytest.approx(10 * ((109 - 101) - (110 - 100)), abs=0.02)
    assert bridge.size == 2 * (109 - 101)
    assert bridge.fees == pytest.approx(fees[0] - fees[1], abs=0.01)
    assert bridge.live == pytest.approx(12 * 8 - 100 - fees[1], abs=0.01)


def test_slippage_is_weighted_by_value_and_leaves_out_what_was_traded_in_another_bar():
    rule = [position(1, 5), position(10, 15), position(20, 25)]
    live = [position(1, 5, price=100.1, out=109.89), position(10, 16, price=100.3, quantity=20.0), position(21, 25)]
    found = measured("Main", pair_up(rule, live, TOLERANCE).matched, "upbit", "rule", 0, DAY)
    entries = (10.0 * 1001 + 30.0 * 2006) / (1001 + 2006)
    exits = (10.0 * 1098.9 + 0.0 * 1100) / (1098.9 + 1100)
    assert found.fills == 4
    assert found.entry_bps == pytest.approx(entries)
    assert found.exit_bps == pytest.approx(exits)


def test_nothing_in_the_rules_bars_measures_nothing():
    assert measured("Main", [], "upbit", "rule", 0, DAY) is None


def test_what_is_held_without_a_newer_candle_counts_as_paid_and_is_told():
    ts = DAY * np.arange(4)
    prices = np.array([[100.0, 100.0], [110.0, 90.0], [120.0, np.nan], [130.0, np.nan]])
    candles = Candles(ts, ("BTC/KRW", "ETH/KRW"), *[prices.copy() for _ in range(5)])
    bought = ((0, "BTC"), (3, "ETH"))
    rows = [Row(at * DAY * 1000, at, False, symbol, 100.0, 1.0, 100.0, None, None) for at, symbol in bought]
    table = table_of(rows, [2, 3], [0, 0])
    btc, eth = live_positions(table, {"BTC": "BTC/KRW", "ETH": "ETH/KRW"}, candles, 4 * DAY, 0.0005)
    assert (btc.gross, btc.unpriced, eth.gross, eth.unpriced) == (30.0, False, 0.0, True)
    assert any("No candle of ETH/KRW" in note for note in _held(Pairing([], [], [btc, eth])))
