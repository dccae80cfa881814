"""Backtests that were silently wrong elsewhere, each as a small input with its answer."""

import warnings

import numpy as np
import pandas as pd
import pytest

from cqs_backtest import BacktestFacade, LookaheadWarning
from cqs_backtest import indicators as ind
from cqs_core import DataError, DataWarning, Orders, Strategy, UsageError

pytestmark = pytest.mark.once


def candles(n=400, seed=1, start="2023-01-01", freq="1D", price=100.0, vol=0.03, drift=0.0008):
    """A seeded random walk, made here."""
    random = np.random.default_rng(seed)
    close = price * np.cumprod(np.exp(random.normal(drift, vol, n)))
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LookaheadWarning)
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


class TestLookAhead:
    def test_a_rule_that_trains_on_its_first_rows_ends_no_run(self):
        from peekers import learner

        for n in (400, 1200, 2400):
            badges = backtest(rule(learner), {"BTC": candles(n, start="2018-01-01")})["badges"]
            assert badges["lookahead"] in ("ok", "not checkable")

    def test_what_is_not_repeatable_is_not_accused(self):
        from peekers import seeded_by_column, unseeded

        data = {"BTC": candles(), "ETH": candles(seed=2)}
        assert backtest(rule(unseeded), data)["badges"]["lookahead"] == "not repeatable"
        assert backtest(rule(seeded_by_column), data)["badges"]["lookahead"] == "ok"

    def test_a_warm_up_filled_back_is_found(self):
        def bfill(c):
            close = pd.DataFrame(c.close)
            mean = close.rolling(120).mean().bfill()
            up = (close.shift(1) > mean.shift(1).bfill()).to_numpy()
            return Orders(enter=up, exit=~up)

        for start in ("2018-01-01", "2020-05-05"):
            badges = backtest(rule(bfill), {"BTC": candles(2000, start=start)})["badges"]
            assert badges["lookahead"] == "peeks"

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize(("every", "average"), [("W-MON", 8), ("1D", 20)])
    def test_the_open_day_or_week_is_found_in_a_long_series(self, every, average, seed):
        def peek(c):
            close = pd.Series(c.close[:, 0], pd.to_datetime(c.ts, unit="ms", utc=True))
            group = close.resample(every, label="left", closed="left").last()
            up = (group > group.rolling(average).mean()).reindex(close.index, method="ffill").fillna(value=False)
            return Orders(enter=up.to_numpy()[:, None], exit=~up.to_numpy()[:, None])

        data = {"BTC": candles(260_000, seed, freq="1min", vol=0.0008, drift=0.0)}
        assert backtest(rule(peek), data, interval="1m", fee=0, slippage_bps=0)["badges"]["lookahead"] == "peeks"


@pytest.mark.filterwarnings("ignore:.*has no candles since:cqs_core.DataWarning")
def test_a_coin_whose_candles_end_is_told():
    data = {"BTC": candles(), "DEAD": candles(100, seed=5)}
    for engine in ("fast", "bt"):
        held = backtest("buy_and_hold", data, engine=engine)
        [stale] = held["badges"]["stale"]
        worth = held["trades"].set_index("symbol").quantity["DEAD/KRW"] * data["DEAD"].close.iloc[-1]
        assert (stale["symbol"], stale["since"]) == ("DEAD/KRW", "2023-04-10T00:00:00+00:00")
        assert stale["share"] == pytest.approx(worth / held["equity"].iloc[-1], rel=1e-12)
        sold = backtest("buy_and_hold", data, engine=engine, on_end="sell", slippage_bps=0)
        trade = sold["trades"].set_index("symbol").loc["DEAD/KRW"]
        assert (trade.reason, trade.exit_time) == ("end", data["DEAD"].index[-1])
        assert trade.exit_price == data["DEAD"].close.iloc[-1]
        assert sold["badges"]["stale"][0]["share"] == 0


class TestReference:
    def ether(self, bitcoin, **options):
        data = {"ETH": candles(700, seed=2, start="2022-01-01"), "BTC": bitcoin}
        return BacktestFacade().run_backtest("volatility_breakout", ["ETH"], data, **options)

    whole = candles(700, seed=3, start="2022-01-01")

    @pytest.mark.parametrize(
        ("lack", "told", "dates"),
        [
            (lambda f: f.iloc[:250], "end at 2022-09-07.*run's last bar at 2023-12-01", "2022-01-01 2022-09-07"),
            (lambda f: f.iloc[:-2], "end at 2023-11-29", "2022-01-01 2023-11-29"),
            (lambda f: f.iloc[100:], "begin at 2022-04-11.*run's first bar at 2022-01-01", "2022-04-11 2023-12-01"),
            (
                lambda f: f.drop(f.index[300:306]),
                "are missing from 2022-10-28.* to 2022-11-02",
                "2022-11-03 2023-12-01",
            ),
            (lambda f: f.iloc[50:600], "begin at", "2022-02-20 2023-08-23"),
        ],
    )
    def test_what_lacks_candles_is_refused_with_dates_that_work(self, lack, told, dates):
        with pytest.raises(UsageError, match=told) as caught:
            self.ether(lack(self.whole))
        start, end = dates.split()
        assert f"uses BTC/KRW, whose candles {told.split(' ')[0]}" in str(caught.value)
        assert f"--start {start} --end {end} would work" in str(caught.value)
        assert self.ether(lack(self.whole), start=start, end=end)["badges"]["stale"] == []

    @pytest.mark.filterwarnings("ignore:.*has no candles since:cqs_core.DataWarning")
    def test_it_may_be_allowed_and_is_marked(self):
        badges = self.ether(self.whole.iloc[:250], allow_stale=True)["badges"]
        assert badges["stale"] == [{"symbol": "BTC/KRW", "since": "2022-09-07T00:00:00+00:00", "share": 0.0}]

    @pytest.mark.parametrize("lack", [lambda f: f, lambda f: f.iloc[:-1], lambda f: f.drop(f.index[300:305])])
    def test_what_is_not_needed_or_a_short_hole_is_no_lack(self, lack):
        assert self.ether(lack(self.whole))["badges"]["stale"] == []

    def test_a_hole_of_all_markets_is_no_lack(self):
        data = {"ETH": candles(700, seed=2, start="2022-01-01"), "BTC": self.whole}
        data = {name: pd.concat([frame.iloc[:300], frame.iloc[340:]]) for name, frame in data.items()}
        assert BacktestFacade().run_backtest("volatility_breakout", ["ETH"], data)["badges"]["stale"] == []


def test_a_market_that_was_not_updated_to_the_end_that_was_asked_is_told():
    with pytest.warns(DataWarning, match="BTC/KRW has no candles since 2024-02-04"):
        badges = backtest("buy_and_hold", BTC, end="2024-06-01")["badges"]
    assert [(row["symbol"], row["since"][:10]) for row in badges["stale"]] == [("BTC/KRW", "2024-02-04")]
    assert badges["stale"][0]["share"] == pytest.approx(1, abs=1e-3)
    assert backtest("buy_and_hold", BTC, end="2024-02-04")["badges"]["stale"] == []
    assert backtest("buy_and_hold", BTC)["badges"]["stale"] == []


def test_fills_without_volume_are_counted_and_can_be_limited():
    frame = candles()
    frame.loc[frame.index[0], "volume"] = 0.0
    badges = backtest("buy_and_hold", {"BTC": frame})["badges"]
    assert badges["no_volume_fills"] == 1
    for engine in ("fast", "bt"):
        found = backtest("buy_and_hold", {"BTC": frame}, max_volume_share=0.1, engine=engine)
        assert found["badges"]["no_volume_fills"] == 0
        first = found["trades"].iloc[0]
        assert first.entry_time == frame.index[1]
        assert first.quantity == 0.1 * frame.volume.iloc[1]
    with pytest.raises(UsageError, match=r"max_volume_share is 10; it must be a fraction.*10 % is 0.1"):
        backtest("buy_and_hold", {"BTC": frame}, max_volume_share=10)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("low", 0.0, "a price that is not above 0"),
        ("open", -1.0, "a price that is not above 0"),
        ("high", 1.0, "a high or low that does not contain open and close"),
        ("low", 1e6, "a high or low that does not contain open and close"),
        ("volume", -1.0, "a negative volume"),
    ],
)
def test_frames_are_checked_as_the_lake_checks_rows(column, value, told):
    frame = candles()
    frame.loc[frame.index[7], column] = value
    with pytest.raises(DataError, match=rf"candles of 'BTC/KRW' have {told} in row 7 \(2023-01-08"):
        backtest("buy_and_hold", {"BTC": frame})
