"""The bridge of a comparison begins with what the run earned, whatever the rule does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core import Costs, Orders, RunResult, Strategy, plugins, simulate
from cqs_core.testing.candles import random_candles
from cqs_monitor.compare.bridge import build_bridge
from cqs_monitor.compare.pairing import Tolerance, pair_up
from cqs_monitor.compare.strategy_setup import positions

SYMBOLS = ("BTC/KRW", "ETH/KRW", "XRP/KRW")
COSTS = Costs(fee=0.0005, slip=0.0, min_order=5_000.0, capital=10_000_000.0)
BUILT_IN = ["buy_and_hold", "mean_reversion", "momentum", "opening_range_breakout", "volatility_breakout"]


class Random(Strategy):
    """Targets and entries at random: purchases on top, partial sales, exits, positions open at the end."""

    id = "random"

    def __init__(self, seed: int, often: float) -> None:
        super().__init__()
        self._seed, self._often = seed, often

    def orders(self, candles):
        random = np.random.default_rng(self._seed)
        share = random.random(candles.shape)
        share /= share.sum(axis=1, keepdims=True)
        wanted = np.where(random.random(candles.shape) < 0.2, 0.0, share)
        target = np.where(random.random(candles.shape) < self._often, wanted, np.nan)
        enter = (random.random(candles.shape) < 0.1) & np.isnan(target)
        loss = np.where(random.random(candles.shape) < 0.5, 0.05, np.nan)
        return Orders(target=target, enter=enter, weight=0.2, stop_loss=loss)


def market(rows: int, seed: int, missing: float = 0.0):
    candles = random_candles(SYMBOLS, rows, seed=seed, missing=missing)
    return replace(candles, references={"BTC/KRW": random_candles(("BTC/KRW",), rows, seed=seed)})


def earned(result: RunResult) -> float:
    return float(result.execution.equity[-1]) - result.costs.capital


def check(result: RunResult) -> None:
    rule = positions(result)
    alone = build_bridge(pair_up(rule, [], Tolerance()))
    assert alone.backtest == pytest.approx(earned(result), abs=0.011)
    # A bot that did the same with another size: every part is told, and the sum holds.
    live = [replace(one, quantity=1.5 * one.quantity, fees=1.5 * one.fees) for one in rule]
    bridge = build_bridge(pair_up(rule, live, Tolerance()))
    parts = (bridge.backtest, bridge.missed, bridge.extra, bridge.price, bridge.size, bridge.fees)
    assert sum(parts) == pytest.approx(bridge.live, abs=1e-6)
    assert bridge.live == pytest.approx(1.5 * earned(result), abs=0.02)


def test_these_are_all_the_built_in_strategies():
    assert sorted(plugins().strategies()) == BUILT_IN


@pytest.mark.parametrize("engine", ["fast", "bt"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_the_bridge_of_every_strategy_begins_with_the_runs_profit(name, engine):
    some = 0
    for seed, rows in ((1, 90), (2, 133), (3, 177)) if engine == "fast" else ((1, 90),):
        result = simulate(plugins().strategy(name)(), market(rows, seed), plugins().engines()[engine], COSTS)
        check(result)
        some += len(result.positions)
    assert some


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 80), st.sampled_from([0.02, 0.2, 0.7]), st.sampled_from([0.0, 0.2]))
def test_the_bridge_of_random_orders_begins_with_the_runs_profit(seed, rows, often, missing):
    check(simulate(Random(seed, often), market(rows, seed, missing), plugins().engines()["fast"], COSTS))
