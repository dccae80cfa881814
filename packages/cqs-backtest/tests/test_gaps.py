"""Trades next to holes in the data are marked."""

import pytest
from handmade import FLAT, market, orders

from cqs_backtest.checks.trades_near_gaps import touched
from cqs_backtest.engines.fast.engine import FastEngine
from cqs_core import Costs
from cqs_core.trading import round_trips

COSTS = Costs(fee=0, slip=0, capital=1000)


def trades_of(bars, **fields):
    candles = market(A=bars, B=[FLAT] * len(bars))
    made = {name: [[value, 0] for value in values] for name, values in fields.items()}
    done = FastEngine().execute(candles, orders(candles, **made), COSTS)
    return touched(round_trips(done.fills, candles), candles).tolist()


@pytest.mark.parametrize(
    ("holes", "near"),
    [((), False), ((0, 1), False), ((2,), True), ((4,), True), ((6,), True), ((7, 8), False)],
)
def test_a_trade_from_bar_3_to_bar_5(holes, near):
    bars = [None if t in holes else FLAT for t in range(9)]
    got = trades_of(bars, enter=[t == 3 for t in range(9)], exit=[t == 5 for t in range(9)])
    assert got == [near]


def test_what_is_still_held_is_seen_to_the_end():
    bars = [FLAT, FLAT, FLAT, None, FLAT]
    assert trades_of(bars, enter=[0, 1, 0, 0, 0]) == [True]
