"""The metrics that every run shows, and their conventions."""

import ast
import inspect

import numpy as np
import pytest

from cqs_core.host.simulation import simulate
from cqs_core.time.intervals import DAY, HOUR
from cqs_core.trading import metrics
from cqs_core.trading.candles import Candles
from cqs_core.trading.engine import Execution, Fill
from cqs_core.trading.orders import Costs, Orders
from cqs_core.trading.result import RunResult
from cqs_core.trading.strategy import Strategy


def run(equity, *, step=DAY, interval="1d", fills=(), capital=1000.0, start=0, day_start=0):
    ts = start + np.arange(len(equity), dtype=np.int64) * step
    price = np.full((len(equity), 1), 100.0)
    candles = Candles(ts, ("A",), price, price, price, price, price, interval=interval)
    execution = Execution(np.array(equity, dtype=float), np.array(list(fills), Fill))
    return RunResult(candles, Orders(), execution, Costs(capital=capital), "made", day_start)


def test_percent_and_ratios_of_a_simple_run():
    equity = 1000 * np.cumprod([1.1, 0.9, 1.1] * 11)
    got = run(equity).performance
    assert got["total_return"] == pytest.approx(100 * (1.089**11 - 1))
    assert got["mdd"] == pytest.approx(-10)
    assert got["cagr"] == pytest.approx(100 * (1.089 ** (365 / 3) - 1))
    daily = np.array([0.1, -0.1, 0.1] * 11)
    assert got["volatility"] == pytest.approx(100 * daily.std(ddof=1) * np.sqrt(365))
    assert got["sharpe"] == pytest.approx(daily.mean() / daily.std(ddof=1) * np.sqrt(365))
    assert got["sortino"] == pytest.approx(daily.mean() / np.sqrt(0.01 / 3) * np.sqrt(365))
    assert got["calmar"] == pytest.approx(got["cagr"] / 10)
    assert got["final_equity"] == equity[-1]


def test_nothing_is_said_of_a_year_before_thirty_days():
    for days in (1, 29):
        got = run(1000 + np.arange(1.0, days + 1)).performance
        assert np.isnan(got["cagr"])
        assert np.isnan(got["calmar"])
    assert run(1000 + np.arange(1.0, 31)).performance["cagr"] > 0
    minutes = run(np.linspace(1000, 1030, 10), step=DAY // 1440, interval="1m").performance
    assert np.isnan(minutes["cagr"])


def test_growth_beyond_all_numbers_is_unknown():
    assert np.isnan(metrics.growth(1e300, 1e-300, 0.1))
    assert metrics.growth(1e-300, 1e300, 0.1) == -1


def test_constant_returns_have_no_sharpe():
    for rate in (0.001, -0.02, 1e-9, 0.5):
        got = run(1000 * np.cumprod(np.full(50, 1 + rate))).performance
        assert np.isnan(got["sharpe"])
    assert run([1000 * 1.001**t * (1 + 1e-6 * (t % 2)) for t in range(50)]).performance["sharpe"] > 0


@pytest.mark.parametrize("equity", [[990], [1010, 1005, 1020, 1030], [1001, 1002, 1003]])
def test_fewer_than_two_losing_days_have_no_sortino(equity):
    assert np.isnan(run(equity).performance["sortino"])


def test_what_lost_all_has_no_returns_after_that():
    got = run([500.0] + [0.0] * 40).performance
    assert (got["total_return"], got["mdd"], got["cagr"]) == (-100, -100, -100)
    assert metrics.returns(np.array([500.0, 0, 0]), 1000.0).tolist() == [-0.5, -1, 0]


def test_the_first_fall_counts_from_capital():
    assert run([900, 950]).performance["mdd"] == pytest.approx(-10)


def test_a_run_without_a_trade_is_a_result():
    got = run([1000] * 40).performance
    assert (got["total_return"], got["cagr"], got["mdd"], got["volatility"], got["num_trades"]) == (0, 0, 0, 0, 0)
    for name in ("sharpe", "sortino", "calmar", "win_rate", "avg_win", "avg_loss", "profit_factor"):
        assert np.isnan(got[name]), name


def test_one_bar_is_a_result_too():
    got = run([1010]).performance
    assert got["total_return"] == pytest.approx(1)
    assert np.isnan(got["volatility"])


def test_all_lost_is_minus_one_hundred_percent():
    assert run([500] * 40 + [0]).performance["cagr"] == -100


class TestDays:
    def test_a_day_is_the_last_bar_before_the_next_one_starts(self):
        days, equity = metrics.daily_equity(np.array([0, 12, 24, 36]) * HOUR, np.array([1.0, 2, 3, 4]))
        assert days.tolist() == [0, DAY]
        assert equity.tolist() == [2, 4]

    def test_it_is_carried_over_days_without_a_bar(self):
        days, equity = metrics.daily_equity(np.array([0, 3]) * DAY, np.array([1.0, 2]))
        assert equity.tolist() == [1, 1, 1, 2]
        assert len(days) == 4

    def test_the_day_may_start_at_another_hour(self):
        days, equity = metrics.daily_equity(np.array([0, 8, 9, 32]) * HOUR, np.array([1.0, 2, 3, 4]), 9 * HOUR)
        assert equity.tolist() == [2, 4]
        assert days.tolist() == [-15 * HOUR, 9 * HOUR]

    def test_volatility_does_not_depend_on_the_interval(self):
        curve = 1000 * np.cumprod([1.1, 0.9, 1.1] * 11)
        daily, hourly = run(curve), run(np.repeat(curve, 24), step=HOUR, interval="1h")
        for name in ("volatility", "sharpe", "sortino", "cagr", "mdd"):
            assert hourly.performance[name] == pytest.approx(daily.performance[name]), name


class TestPositions:
    def test_wins_and_losses_are_of_closed_positions(self):
        fills = [
            (0, 0, 0, 1.0, 100.0, 0.0),
            (1, 0, 0, -1.0, 120.0, 0.0),
            (1, 0, 0, 1.0, 100.0, 0.0),
            (2, 0, 0, -1.0, 90.0, 0.0),
            (3, 0, 0, 1.0, 100.0, 0.0),
        ]
        got = run([1000] * 5, fills=fills).performance
        assert got["num_trades"] == 2
        assert got["win_rate"] == 50
        assert got["avg_win"] == pytest.approx(20)
        assert got["avg_loss"] == pytest.approx(-10)
        assert got["profit_factor"] == pytest.approx(2)

    def test_without_a_loss_the_profit_factor_is_infinite(self):
        fills = [(0, 0, 0, 1.0, 100.0, 0.0), (1, 0, 0, -1.0, 120.0, 0.0)]
        assert run([1000] * 3, fills=fills).performance["profit_factor"] == float("inf")

    def test_fees_turn_a_small_gain_into_a_loss(self):
        fills = [(0, 0, 0, 1.0, 100.0, 0.6), (1, 0, 0, -1.0, 101.0, 0.6)]
        assert run([1000] * 3, fills=fills).performance["win_rate"] == 0


class _Watch(Strategy):
    """Remembers what it was shown, and enters everywhere."""

    def orders(self, candles):
        self.seen = candles.shape
        return Orders(enter=np.ones(candles.shape, bool))


class _Engine:
    name = "made"

    def execute(self, candles, orders, costs):
        self.seen = candles.shape, orders.array("enter", candles.shape).shape
        return Execution(np.full(candles.shape[0], costs.capital), np.empty(0, Fill))


def test_a_strategy_sees_the_warm_up_and_the_engine_does_not():
    whole = run([1000] * 10).candles
    strategy, engine = _Watch(), _Engine()
    result = simulate(strategy, whole, engine, Costs(), start=4 * DAY)
    assert strategy.seen == (10, 1)
    assert engine.seen == ((6, 1), (6, 1))
    assert result.candles.ts[0] == 4 * DAY


@pytest.mark.parametrize("formula", metrics.FORMULAS.values(), ids=list(metrics.FORMULAS))
def test_formulas_use_only_names_of_their_file(formula):
    """Searches keep what they compile until that file changes: a constant from elsewhere would change unnoticed."""
    source = ast.parse(inspect.getsource(inspect.getmodule(formula)))
    own = {name.id for node in source.body if isinstance(node, ast.Assign) for name in node.targets}
    names = {name for name in formula.__code__.co_names if name in formula.__globals__}
    assert names - {"math", "np"} <= own


def test_days_without_a_bar_are_known():
    daily = metrics.daily_of(np.array([0, 1, 30, 72]) * HOUR, np.array([1.0, 2, 3, 6]), 1.0)
    assert daily.days.tolist() == [0, DAY, 2 * DAY, 3 * DAY]
    assert daily.returns.tolist() == [1, 0.5, 0, 1]
    assert daily.has_bar.tolist() == [True, True, False, True]
    assert daily.part(daily.has_bar).returns.tolist() == [1, 0.5, 1]
