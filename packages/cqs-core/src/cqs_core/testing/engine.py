"""Contract tests of engines: the accounts balance, whatever the orders. All rules: `cqs_core.trading.engine`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cqs_core.testing.candles import random_candles
from cqs_core.trading.engine import REASONS, Engine, Execution
from cqs_core.trading.orders import Costs, Orders

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles

SEEDS = range(6)


class EngineContract:
    """A subclass gives the fixture `engine`."""

    costs = Costs(fee=0.001, slip=0.002, capital=1e6)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_equity_is_what_the_fills_make_it(self, engine: Engine, seed: int) -> None:
        candles, done = self.run(engine, seed)
        assert len(done.fills)
        assert done.equity.shape == (candles.shape[0],)
        np.testing.assert_allclose(done.equity, equity_of(done, candles, self.costs), rtol=1e-9)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_fills_are_in_order_on_bars_that_exist(self, engine: Engine, seed: int) -> None:
        candles, done = self.run(engine, seed)
        assert (np.diff(done.fills["bar"]) >= 0).all()
        assert candles.present[done.fills["bar"], done.fills["symbol"]].all()
        assert (done.fills["quantity"] != 0).all()
        assert ((done.fills["reason"] >= 0) & (done.fills["reason"] < len(REASONS))).all()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_prices_are_inside_the_bar_but_for_slippage_and_never_better(self, engine: Engine, seed: int) -> None:
        candles, done = self.run(engine, seed)
        at = done.fills["bar"], done.fills["symbol"]
        price, bought = done.fills["price"], done.fills["quantity"] > 0
        worst = np.where(bought, candles.high[at] * (1 + self.costs.slip), candles.low[at] * (1 - self.costs.slip))
        best = np.where(bought, candles.low[at], candles.high[at])
        assert (price <= np.maximum(worst, best) * (1 + 1e-9)).all()
        assert (price >= np.minimum(worst, best) * (1 - 1e-9)).all()

    @pytest.mark.parametrize("seed", SEEDS)
    def test_fees_are_a_share_of_the_value(self, engine: Engine, seed: int) -> None:
        _, done = self.run(engine, seed)
        value = np.abs(done.fills["quantity"]) * done.fills["price"]
        np.testing.assert_allclose(done.fills["fee"], value * self.costs.fee, rtol=1e-9)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_nothing_is_sold_that_is_not_held_and_no_cash_is_borrowed(self, engine: Engine, seed: int) -> None:
        candles, done = self.run(engine, seed)
        held = np.zeros(candles.shape[1])
        cash = self.costs.capital
        for _, symbol, _, quantity, price, fee in done.fills.tolist():
            held[symbol] += quantity
            cash -= quantity * price + fee
            assert held[symbol] >= -1e-9 * abs(quantity)
            assert cash >= -1e-6 * self.costs.capital

    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_more_is_traded_than_the_share_of_a_bars_volume(self, engine: Engine, seed: int) -> None:
        candles = random_candles(("A/KRW", "B/KRW", "C/KRW"), 200, seed=seed, missing=0.1)
        costs = replace(self.costs, max_volume_share=0.1)
        done = engine.execute(candles, random_orders(candles, seed), costs)
        traded = np.zeros(candles.shape)
        np.add.at(traded, (done.fills["bar"], done.fills["symbol"]), np.abs(done.fills["quantity"]))
        assert len(done.fills)
        assert (traded <= np.nan_to_num(0.1 * candles.volume) * (1 + 1e-9)).all()
        np.testing.assert_allclose(done.equity, equity_of(done, candles, costs), rtol=1e-9)

    def test_what_has_no_more_candles_is_held_or_sold_at_its_last_close(self, engine: Engine) -> None:
        candles = random_candles(("A/KRW", "B/KRW"), 40, seed=1)
        for name in ("open", "high", "low", "close", "volume"):
            getattr(candles, name)[30:, 1] = np.nan
        orders = Orders(enter=np.arange(40)[:, None] == 25, weight=0.4)
        held = engine.execute(candles, orders, self.costs)
        sold = engine.execute(candles, orders, replace(self.costs, on_end="sell"))
        assert held.fills["quantity"].min() > 0
        last = sold.fills[-1]
        assert (last["bar"], last["symbol"], REASONS[last["reason"]]) == (29, 1, "end")
        assert last["price"] == candles.close[29, 1] * (1 - self.costs.slip)
        assert last["quantity"] == -held.fills["quantity"][held.fills["symbol"] == 1].sum()

    def test_one_run_never_influences_the_next(self, engine: Engine) -> None:
        first, _, again = (self.run(engine, seed)[1] for seed in (0, 1, 0))
        assert np.array_equal(first.equity, again.equity)
        assert np.array_equal(first.fills, again.fills)

    def test_without_orders_nothing_happens(self, engine: Engine) -> None:
        candles = random_candles(rows=20)
        done = engine.execute(candles, Orders(), self.costs)
        assert len(done.fills) == 0
        assert (done.equity == self.costs.capital).all()

    def run(self, engine: Engine, seed: int) -> tuple[Candles, Execution]:
        """Candles of three symbols with holes, and what some random orders of every kind come to on them."""
        candles = random_candles(("A/KRW", "B/KRW", "C/KRW"), 200, seed=seed, missing=0.1)
        return candles, engine.execute(candles, random_orders(candles, seed), self.costs)


def random_orders(candles: Candles, seed: int) -> Orders:
    """Entries at the open, at stops and at limits, exits and protection, on random bars."""
    random = np.random.default_rng(seed)
    shape = candles.shape
    kind = random.integers(0, 3, shape)
    return Orders(
        exit=random.random(shape) < 0.08,
        enter=random.random(shape) < 0.3,
        weight=0.4,
        stop=np.where(kind == 1, candles.open * 1.01, np.nan),
        limit=np.where(kind == 2, candles.open * 0.99, np.nan),
        stop_loss=0.05,
        trailing=0.08,
    ).validate(shape)


def equity_of(done: Execution, candles: Candles, costs: Costs) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(T,): cash and holdings at each close, reckoned from the fills alone."""
    rows, symbols = candles.shape
    cash, held, last = costs.capital, np.zeros(symbols), np.zeros(symbols)
    equity = np.empty(rows)
    for t in range(rows):
        for fill in done.fills[done.fills["bar"] == t]:
            cash -= float(fill["quantity"] * fill["price"] + fill["fee"])
            held[fill["symbol"]] += fill["quantity"]
        last = np.where(candles.present[t], candles.close[t], last)
        equity[t] = cash + float(held @ last)
    return equity
