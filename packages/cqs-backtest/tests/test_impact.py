"""bt's square-root market impact, an option of the bt engine alone."""

import numpy as np
import pytest
from handmade import WAVE, orders

from cqs_backtest.engines.bt.engine import BtEngine
from cqs_backtest.engines.bt.impact import FeeAndImpact, volatilities
from cqs_backtest.runs.reproducing import verify
from cqs_core import Candles, Costs

COSTS = Costs(fee=0.001, slip=0, capital=1000)
RUN = ("backtest", "run", "volatility_breakout", "--symbols", "BTC", "--engine", "bt", "--json")


def test_the_cost_is_the_fee_and_the_square_root_law():
    model = FeeAndImpact(0.001, 0.6)
    assert model.cost(-4, 100, 100, 0.05) == pytest.approx(0.4 + 2 / 3 * 0.6 * 0.05 * 4 * 0.2 * 100)
    assert model.cost(4, 100, 0, 0.05) == pytest.approx(0.4)


@pytest.mark.parametrize("volume", [0.01, 1, 1e6])
def test_a_budget_is_spent_with_its_impact_and_not_more(volume):
    model = FeeAndImpact(0.001, 0.8)
    quantity = model.affordable(1000, 100, volume, 0.1)
    assert quantity * 100 + model.cost(quantity, 100, volume, 0.1) == pytest.approx(1000, rel=1e-9)


def test_volatility_is_what_is_known_at_the_open():
    candles = Candles.from_frames({"A": WAVE})
    known = volatilities(candles)[:, 0]
    change = np.diff(np.log(WAVE["close"].to_numpy()))
    assert (known[:21] == 0).all()
    assert known[21] == pytest.approx(change[:20].std(ddof=1))
    assert known[-1] == pytest.approx(change[-21:-1].std(ddof=1))


def test_fills_pay_it_and_equity_says_so():
    candles = Candles.from_frames({"A": WAVE * [1, 1, 1, 1, 100]})
    enter, leave = ([t == at for t in range(len(WAVE))] for at in (50, 90))
    asked = orders(candles, enter=enter, exit=leave)
    plain, paid = (BtEngine(impact).execute(candles, asked, COSTS) for impact in (None, 0.8))
    assert paid.fills["fee"][0] > plain.fills["fee"][0]
    spent = -paid.fills["quantity"] * paid.fills["price"] - paid.fills["fee"]
    assert paid.equity[-1] == pytest.approx(1000 + spent.sum())
    assert -spent[0] == pytest.approx(1000)
    assert paid.equity[-1] < plain.equity[-1]


def test_a_run_with_impact_is_kept_and_made_again(cqs, bucket):
    plain, paid = cqs(*RUN)[1], cqs(*RUN, "--impact", "0.6")[1]
    assert paid["performance"]["fees_paid"] > plain["performance"]["fees_paid"]
    assert paid["badges"]["parity"] == "not checked"
    assert verify(bucket, paid["run"])["verdict"] == "identical"
