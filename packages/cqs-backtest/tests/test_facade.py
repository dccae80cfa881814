"""One call from symbols to performance, equity and trades; and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from handmade import WAVE

from cqs_backtest import BacktestFacade
from cqs_backtest.strategies import VolatilityBreakout
from cqs_core import DataError, UnknownName, UsageError

DATA = {"BTC": WAVE, "ETH": WAVE * [2, 2, 2, 2, 1]}


def backtest(symbols=("BTC",), data=DATA, strategy="volatility_breakout", **options):
    return BacktestFacade().run_backtest(strategy=strategy, symbols=list(symbols), data=data, **options)


def test_the_result_has_the_names_of_the_contract():
    result = backtest()
    want = "total_return cagr mdd win_rate volatility avg_win avg_loss sharpe sortino calmar profit_factor num_trades"
    assert set(want.split()) | {"final_equity"} <= set(result["performance"])
    equity = result["equity"]
    assert isinstance(equity, pd.Series)
    assert str(equity.index.tz) == "UTC"
    assert len(equity) == len(WAVE)
    assert equity.index[0] == WAVE.index[0]
    assert equity.iloc[-1] == result["performance"]["final_equity"]
    want = "symbol entry_time exit_time entry_price exit_price quantity pnl return_pct fees reason"
    assert list(result["trades"].columns)[:10] == want.split()
    assert set(result["trades"]["symbol"]) == {"BTC/KRW"}


@pytest.mark.parametrize("given", [VolatilityBreakout, VolatilityBreakout()])
def test_a_strategy_may_be_a_name_a_class_or_an_instance(given):
    assert backtest(strategy=given)["performance"] == pytest.approx(backtest()["performance"], nan_ok=True)


def test_params_win_over_those_of_an_instance_and_leave_it_alone():
    rule = VolatilityBreakout(noise_ratio=0.9)
    changed = backtest(strategy=rule, params={"noise_ratio": 0.5})
    assert changed["performance"] == pytest.approx(backtest()["performance"], nan_ok=True)
    assert rule.noise_ratio == 0.9


def test_bt_and_fast_agree():
    fast, reference = backtest(["BTC", "ETH"], engine="fast"), backtest(["BTC", "ETH"], engine="bt")
    assert fast["equity"].to_numpy() == pytest.approx(reference["equity"].to_numpy(), rel=1e-9)
    assert len(fast["trades"]) > 5


def test_one_run_never_influences_the_next():
    first = backtest()["equity"]
    backtest(params={"noise_ratio": 0.9}, fee=0.01, capital=1000)
    pd.testing.assert_series_equal(backtest()["equity"], first)


def test_a_reference_need_not_be_traded():
    assert set(backtest(["ETH"])["trades"]["symbol"]) == {"ETH/KRW"}


def test_the_callers_frames_are_left_alone():
    before = WAVE.copy()
    backtest(end="2024-06-01")
    pd.testing.assert_frame_equal(WAVE, before)


class TestCosts:
    def test_fee_slippage_and_capital_do_what_they_say(self):
        free = backtest(fee=0, slippage_bps=0)
        assert free["trades"]["fees"].sum() == 0
        paid = backtest(fee=0.001, slippage_bps=0)
        trades = paid["trades"].fillna({"exit_price": 0})  # still held: only the purchase was paid for
        turnover = (trades["quantity"] * (trades["entry_price"] + trades["exit_price"])).sum()
        assert paid["trades"]["fees"].sum() == pytest.approx(0.001 * turnover, rel=1e-9)
        slipped = backtest(fee=0, slippage_bps=10)["trades"]
        assert slipped["entry_price"].to_numpy() == pytest.approx(free["trades"]["entry_price"].to_numpy() * 1.001)
        assert backtest(capital=500)["equity"].iloc[0] == 500

    def test_returns_do_not_depend_on_capital(self):
        assert backtest(capital=1)["performance"]["cagr"] == pytest.approx(backtest()["performance"]["cagr"])

    def test_a_minimum_order_above_capital_trades_nothing(self):
        result = backtest(min_order=20_000_000)
        assert result["performance"]["num_trades"] == 0
        assert result["performance"]["total_return"] == 0
        assert np.isnan(result["performance"]["sharpe"])
        assert result["trades"].empty


class TestDates:
    def test_start_is_the_first_bar_that_may_trade_and_the_past_is_warm_up(self):
        whole = backtest(start=WAVE.index[0].date())
        late = backtest(start="2024-06-01")
        assert late["equity"].index[0] == pd.Timestamp("2024-06-01", tz="UTC")
        assert late["trades"]["entry_time"].min() >= pd.Timestamp("2024-06-01", tz="UTC")
        same = whole["trades"][whole["trades"]["entry_time"] >= late["trades"]["entry_time"].min()]
        assert list(same["entry_time"]) == list(late["trades"]["entry_time"])

    def test_a_bare_end_includes_its_day_and_a_time_does_not(self):
        assert backtest(end="2024-06-01")["equity"].index[-1] == pd.Timestamp("2024-06-01", tz="UTC")
        assert backtest(end="2024-06-01T00:00")["equity"].index[-1] == pd.Timestamp("2024-05-31", tz="UTC")

    def test_the_wrong_way_round_is_refused(self):
        with pytest.raises(UsageError, match="swap them"):
            backtest(start="2024-06-01", end="2024-05-01")

    def test_dates_after_the_data_are_refused(self):
        with pytest.raises(UsageError, match="BTC/KRW has no candle from 2031"):
            backtest(start="2031-01-01")


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"strategy": "volatility_brakeout"}, "did you mean 'volatility_breakout'"),
            ({"strategy": 7}, "7 is not a strategy"),
            ({"params": {"noise": 1}}, "did you mean 'noise_ratio'"),
            ({"params": {"noise_ratio": 1}}, "from 0.1 to 0.9"),
            ({"interval": "1D"}, "unknown interval '1D'"),
            ({"engine": "bta"}, "unknown engine 'bta'"),
            ({"symbols": []}, "no symbols"),
            ({"symbols": ["BTC", "BTC/KRW"]}, "name it once"),
            ({"symbols": ["BTC", "ETH/USDT"]}, "one quote"),
            ({"symbols": ["DOGE"]}, "data has no candles of DOGE/KRW"),
            ({"symbols": ["ETH"], "data": {"ETH": WAVE}}, "uses BTC/KRW, which is not in data"),
            ({"capital": 0}, "capital is 0"),
            ({"fee": -0.1}, "fee is -0.1"),
            ({"slippage_bps": -1}, "slippage is -1"),
            ({"lot": -1}, "lot is -1"),
            ({"start": "soon"}, "'soon' is not a date"),
        ],
    )
    def test_it_is_refused_before_anything_runs(self, options, message):
        with pytest.raises(UsageError, match=message):
            backtest(**options)

    def test_too_little_data_for_the_warm_up(self):
        with pytest.raises(UsageError, match="BTC/KRW has 20 candles; volatility_breakout needs 20"):
            backtest(data={"BTC": WAVE.iloc[:20]})

    def test_symbols_without_common_dates(self):
        with pytest.raises(UsageError, match="common dates"):
            backtest(["BTC", "ETH"], data={"BTC": WAVE.iloc[:150], "ETH": WAVE.iloc[150:]})

    def test_nan(self):
        with pytest.raises(DataError, match="NaN in row 3"):
            backtest(data={"BTC": WAVE.where(WAVE.index.to_series() != WAVE.index[3])})

    def test_an_unsorted_index(self):
        with pytest.raises(DataError, match="not sorted"):
            backtest(data={"BTC": WAVE.iloc[::-1]})

    def test_a_duplicate_index(self):
        with pytest.raises(DataError, match="twice"):
            backtest(data={"BTC": pd.concat([WAVE.iloc[:5], WAVE.iloc[4:]])})

    def test_candles_of_another_interval(self):
        with pytest.raises(DataError, match="less than the interval '1w'"):
            backtest(interval="1w")

    def test_an_unknown_name_is_a_lookup_error_too(self):
        with pytest.raises(LookupError) as caught:
            backtest(strategy="x")
        assert isinstance(caught.value, UnknownName)


@pytest.mark.parametrize(("market", "interval", "rows"), [("BTC/KRW", "1d", 1827), ("ETH/KRW", "1h", 26_261)])
def test_it_runs_on_real_candles(real, market, interval, rows):
    data = {market: real("upbit", market, interval), "BTC/KRW": real("upbit", "BTC/KRW", interval)}
    result = backtest([market], data=data, interval=interval)
    assert len(result["equity"]) == rows
    assert result["performance"]["num_trades"] > 50
    assert result["trades"]["pnl"].sum() == pytest.approx(result["equity"].iloc[-1] - 10_000_000, rel=1e-9)
