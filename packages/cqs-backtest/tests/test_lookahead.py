"""Peekers are named, clean rules are not accused."""

import numpy as np
import pytest
from handmade import market
from rules_by_hand import Peeker

from conftest import REAL, real_frame
from cqs_backtest.engines.fast import FastEngine
from cqs_backtest.lookahead import cuts, find_peek, mirrored
from cqs_backtest.strategies import STRATEGIES
from cqs_core import Candles, Costs
from cqs_core.result import simulate

pytestmark = pytest.mark.once


def made_candles(seed=1, rows=400):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(random.normal(0, 0.03, (rows, 3)).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]]) * (1 + random.normal(0, 0.002, close.shape))
    high = np.maximum(open_, close) * (1 + random.exponential(0.01, close.shape))
    low = np.minimum(open_, close) * (1 - random.exponential(0.01, close.shape))
    volume = random.exponential(1, close.shape)
    missing = random.random(close.shape) < 0.1
    values = [np.where(missing, np.nan, x) for x in (open_, high, low, close, volume)]
    ts = np.arange(rows, dtype=np.int64) * 86_400_000
    own = [np.ascontiguousarray(x[:, :1]) for x in (open_, high, low, close, volume)]
    bitcoin = Candles(ts, ("BTC/KRW",), *own, rows=ts)
    candles = Candles(ts, ("A/KRW", "B/KRW", "C/KRW"), *values, references={"BTC/KRW": bitcoin})
    return candles.validate()


def peek(strategy, candles, seed):
    fills = simulate(strategy, candles, FastEngine(), Costs()).execution.fills
    return find_peek(strategy, candles, fills["bar"][fills["quantity"] > 0], seed)


@pytest.mark.parametrize("way", Peeker.param.way.objects)
def test_every_way_of_peeking_is_caught(way):
    for seed in range(10):
        found = peek(Peeker(way=way), made_candles(seed), seed)
        assert found is not None
        assert found.order in ("enter", "exit", "stop")


def test_a_peek_is_told_with_its_bar_and_order():
    found = peek(Peeker(way="close"), made_candles(), 0)
    assert str(found).startswith(f"{found.order} of {found.symbol} at 1970-")


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_no_clean_rule_is_accused(name):
    for seed in range(10):
        assert peek(STRATEGIES[name](), made_candles(seed), seed) is None


@pytest.mark.parametrize("name", list(STRATEGIES))
@pytest.mark.parametrize(("exchange", "quote", "interval"), [("upbit", "KRW", "1h"), ("binance", "USDT", "1d")])
def test_no_clean_rule_is_accused_on_real_candles(name, exchange, quote, interval):
    if not REAL.is_dir():
        pytest.skip(f"no real candles: {REAL} is absent")
    markets = [f"{base}/{quote}" for base in ("BTC", "ETH", "SOL", "XRP")]
    if interval == "1h":
        markets = [f"{base}/{quote}" for base in ("ETH", "SOL")]
    frames = {m: real_frame(exchange, m, interval) for m in markets}
    bitcoin = real_frame(exchange, f"BTC/{quote}", interval)
    candles = Candles.from_frames(frames, interval, {f"BTC/{quote}": bitcoin})
    assert peek(STRATEGIES[name](), candles, 3) is None


def test_cuts_are_eight_half_of_them_at_entries_one_in_the_last_tenth():
    entries = np.arange(50, 60)
    found = cuts(1000, entries, 0)
    assert len(found) == 8
    assert sum(t in entries for t in found) >= 4
    assert found[-1] >= 900


def test_long_runs_are_cut_early_but_once():
    found = cuts(1_000_000, np.array([5, 500_000]), 0)
    assert sum(t >= 20_000 for t in found) == 1


def test_a_mirrored_bar_keeps_its_open_alone():
    candles = market((100, 110, 90, 105), (105, 120, 100, 101))
    cut = mirrored(candles, 1)
    assert cut.shape == (2, 1)
    assert cut.open[1, 0] == 105
    assert cut.close[1, 0] > 105  # it fell, so it rises
    assert cut.low[1, 0] < cut.open[1, 0] < cut.close[1, 0] < cut.high[1, 0]
    assert cut.close[0, 0] == 105
    assert candles.close[1, 0] == 101


def test_references_are_mirrored_too():
    candles = made_candles()
    cut = mirrored(candles, 100).references["BTC/KRW"]
    assert len(cut.ts) == 101
    assert (cut.close[100] > cut.open[100]) != (candles.references["BTC/KRW"].close[100] > cut.open[100])
