"""Backtests that were silently wrong elsewhere, each as a small input with its answer."""

import numpy as np
import pandas as pd
import pytest

from cqs_backtest import BacktestFacade
from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy, UsageError

pytestmark = pytest.mark.once


def candles(n=400, seed=1, start="2023-01-01", freq="1D", price=100.0, vol=0.03):
    """A seeded random walk, made here."""
    random = np.random.default_rng(seed)
    close = price * np.cumprod(np.exp(random.normal(0.0008, vol, n)))
    open_ = np.append(price, close[:-1])
    wick = np.abs(random.normal(0, vol / 2, (2, n)))
    high, low = np.maximum(open_, close) * (1 + wick[0]), np.minimum(open_, close) * (1 - wick[1])
    index = pd.date_range(start, periods=n, freq=freq, tz="UTC", name="timestamp")
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": random.uniform(1, 9, n)}
    return pd.DataFrame(columns, index)


def rule(orders, **more):
    """A strategy class from one function."""
    return type("Case", (Strategy,), {"id": "case", "orders": lambda _, c: orders(c), **more})


def backtest(strategy, data, **options):
    return BacktestFacade().run_backtest(strategy, list(data), data, **options)


BTC = {"BTC": candles()}


def test_a_signal_with_nan_is_refused():
    def shifted(c):
        close = pd.DataFrame(c.close)
        up = (close > close.rolling(20).mean()).shift(1)
        return Orders(enter=up.to_numpy(), exit=(up == False).to_numpy())  # noqa: E712 - as people write it

    with pytest.raises(UsageError, match=r"enter is nan, an object at bar 0 \(2023-01-01.*BTC/KRW.*fillna"):
        backtest(rule(shifted), BTC)


def test_a_stop_that_is_nan_is_no_order():
    def sometimes(c):
        width = ind.previous(c, "high") - ind.previous(c, "low")
        stop = np.where(width / c.open < 0.04, c.open + 0.5 * width, np.nan)
        return Orders(enter=np.ones((1, 1), bool), stop=stop, exit=np.ones((1, 1), bool))

    for engine in ("fast", "bt"):
        trades = backtest(rule(sometimes), BTC, engine=engine)["trades"]
        opens = BTC["BTC"].open.reindex(trades.entry_time)
        assert len(trades) > 20
        assert (trades.entry_price.to_numpy() > opens.to_numpy() * 1.0006).all()


class TestCandlesChangedInPlace:
    def test_heikin_ashi_written_into_candles(self):
        def in_place(c):
            c.close[:] = (c.open + c.high + c.low + c.close) / 4
            return Orders(enter=c.close > c.open)

        with pytest.raises(UsageError, match=r"read-only \(test_cases.py, line \d+\); candles are read-only"):
            backtest(rule(in_place), BTC)

    def test_wicks_clipped(self):
        def clipped(c):
            np.maximum(c.low, c.open * 0.96, out=c.low)
            return Orders(stop_loss=0.05)

        with pytest.raises(UsageError, match="candles are read-only"):
            backtest(rule(clipped), BTC)


def test_a_frame_trades_the_coin_of_its_label():
    def only_sol(c):
        times = pd.to_datetime(c.ts, unit="ms")
        frame = pd.DataFrame(data=False, index=times, columns=sorted(c.symbols))
        frame["SOL/KRW"] = True
        return Orders(enter=frame, weight=0.5)

    data = {name: candles(seed=i) for i, name in enumerate(("BTC", "XRP", "SOL"))}
    assert set(backtest(rule(only_sol), data)["trades"].symbol) == {"SOL/KRW"}


def test_enter_and_exit_in_one_cell_are_refused():
    def both(c):
        return Orders(enter=ind.previous(c, "close") > ind.sma(c, 50), exit=ind.rsi(c, 14) > 60)

    with pytest.raises(UsageError, match=r"orders at bar \d+ \(2.*\), BTC/KRW: enter and exit are in one cell"):
        backtest(rule(both), {"BTC": candles(900)})
