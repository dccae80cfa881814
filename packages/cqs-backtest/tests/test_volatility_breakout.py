"""The live rule of the bot, on candles."""

import numpy as np
import pytest
from handmade import frame

from cqs_backtest.strategies import STRATEGIES, VolatilityBreakout
from cqs_core import Candles, Costs, UnknownName, UsageError, simulate

pytestmark = pytest.mark.once


def candles_of(traded, bitcoin):
    return Candles.from_frames(traded, "1d", {"BTC/KRW": bitcoin})


def live(frames, bitcoin, capital=10_000_000.0, fee=0.0005, slip=0.0005):
    """The bot's day, written out: exits at the open, then entries at the target; equity at each close."""
    ema = {m: f["close"].ewm(span=5, adjust=False).mean() for m, f in frames.items()}
    filter_ = bitcoin["close"] > bitcoin["close"].rolling(20).mean()
    cash, held, equity = capital, {}, []
    for day in sorted(set().union(*(f.index for f in frames.values()))):
        before = {m: f.index.searchsorted(day) - 1 for m, f in frames.items()}
        here = [m for m, f in frames.items() if day in f.index]
        leave = {m: f["close"].iloc[before[m]] <= ema[m].iloc[before[m]] for m, f in frames.items()}
        for m in [m for m in here if m in held and leave[m]]:
            cash += held.pop(m) * frames[m]["open"][day] * (1 - slip) * (1 - fee)
        value = cash + sum(
            q * (frames[m]["open"][day] if m in here else frames[m]["close"].iloc[before[m]]) for m, q in held.items()
        )
        risk_on = bool(filter_[filter_.index < day].iloc[-1]) if (bitcoin.index < day).any() else False
        for m in here:
            f = frames[m]
            if m in held or leave[m] or not risk_on or before[m] + 1 < 20:
                continue
            target = f["open"][day] + (f["high"].iloc[before[m]] - f["low"].iloc[before[m]]) * 0.5
            if f["high"][day] < target or f["open"][day] / target - 1 > 0.01:
                continue
            price = max(f["open"][day], target) * (1 + slip)
            spend = min(value / len(frames), 0.99 * cash)
            held[m] = spend / (price * (1 + fee))
            cash -= spend
        marks = {m: frames[m]["close"][frames[m].index <= day].iloc[-1] for m in held}
        equity.append(cash + sum(q * marks[m] for m, q in held.items()))
    return np.array(equity)


@pytest.mark.parametrize("markets", [["BTC/KRW"], ["BTC/KRW", "ETH/KRW", "SOL/KRW", "XRP/KRW"]])
def test_it_trades_as_the_bot_does_day_by_day(engine, real, markets):
    frames = {m: real("upbit", m, "1d") for m in markets}
    bitcoin = real("upbit", "BTC/KRW", "1d")
    result = simulate(VolatilityBreakout(), candles_of(frames, bitcoin), engine, Costs())
    assert len(result.trades) > 90
    assert result.execution.equity == pytest.approx(live(frames, bitcoin), rel=1e-9)


def test_no_order_comes_before_the_averages_have_their_candles():
    rising = frame(100 * 1.05 ** np.arange(40))
    orders = VolatilityBreakout(btc_ma=20).orders(candles_of({"BTC/KRW": rising}, rising))
    assert not orders.enter[:20].any()
    assert orders.enter[20:].all()


def test_a_young_symbol_waits_for_its_own_candles():
    old, young = frame(100 * 1.05 ** np.arange(40)), frame(100 * 1.05 ** np.arange(30), start="2024-01-11")
    enter = VolatilityBreakout().orders(candles_of({"ETH/KRW": young, "BTC/KRW": old}, old)).enter
    assert int(np.argmax(enter[:, 0])) == 30
    assert int(np.argmax(enter[:, 1])) == 20


def test_nothing_is_bought_while_bitcoin_is_below_its_average():
    rising, falling = frame(100 * 1.05 ** np.arange(40)), frame(100 * 0.95 ** np.arange(40))
    assert not VolatilityBreakout().orders(candles_of({"ETH/KRW": rising}, falling)).enter.any()


def test_a_late_open_takes_no_entry():
    rising = frame(100 * 1.05 ** np.arange(40))
    rising.iloc[29, rising.columns.get_indexer(["high", "low"])] = rising["close"].iloc[29]
    rising.iloc[29, rising.columns.get_loc("open")] = rising["close"].iloc[29]
    narrow = VolatilityBreakout().orders(candles_of({"BTC/KRW": rising}, rising))
    assert narrow.stop[30, 0] == rising["open"].iloc[30]  # no range: the target is the open, and it is not late
    assert narrow.enter[30, 0]
    late = VolatilityBreakout(late_entry_pct=0)
    assert late.orders(candles_of({"BTC/KRW": rising}, rising)).enter[30, 0]


def test_a_day_whose_exit_signal_holds_takes_no_entry():
    closes = np.append(100 * 1.01 ** np.arange(39), 100 * 1.01**38 * 0.97)
    bars = frame(np.append(closes, closes[-1]))
    orders = VolatilityBreakout().orders(candles_of({"BTC/KRW": bars}, bars))
    assert orders.exit[40, 0]
    assert not orders.enter[40, 0]


def test_the_classic_rule_leaves_at_the_next_open(engine):
    rising = frame(100 * 1.05 ** np.arange(40))
    rule = VolatilityBreakout(exit_at="next_open")
    trades = simulate(rule, candles_of({"BTC/KRW": rising}, rising), engine, Costs()).trades
    assert (trades["bars"][trades["exit"] >= 0] == 1).all()


def test_it_asks_for_bitcoin_in_the_quote_of_each_market():
    rule = VolatilityBreakout()
    assert rule.references(["ETH/KRW", "SOL/KRW"]) == ("BTC/KRW",)
    assert rule.references(["ETH/USDT:USDT"]) == ("BTC/USDT:USDT",)


def test_parameters_have_bounds_step_and_doc():
    for rule in STRATEGIES.values():
        for name, parameter in rule.parameters().items():
            assert parameter.doc, name
            if hasattr(parameter, "bounds"):
                assert None not in parameter.bounds, name
                assert parameter.step, name


def test_unknown_and_wild_parameters_are_refused():
    with pytest.raises(UnknownName, match="did you mean 'noise_ratio'"):
        VolatilityBreakout.with_parameters({"noise": 0.5})
    with pytest.raises(UsageError, match=r"from 0\.1 to 0\.9"):
        VolatilityBreakout.with_parameters({"noise_ratio": "1.5"})
