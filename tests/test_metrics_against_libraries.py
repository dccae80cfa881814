"""Metrics compared with ffn, empyrical-reloaded and quantstats on curves of runs; where they differ, it is said how.

The candles are made up, and real ones where they are at hand.
"""

from __future__ import annotations

import empyrical as ep
import ffn
import numpy as np
import pandas as pd
import pytest
import quantstats.stats as qs

from cqs_backtest import BacktestFacade
from cqs_backtest.metrics import worst_drawdowns
from cqs_core.testing.candles import random_candles

DAYS = 365
CAPITAL = 10_000_000


BASES = ("BTC", "ETH", "XRP", "SOL")


@pytest.fixture(scope="module", params=["made up", "real"])
def candles(request):
    if request.param == "real":
        folder = request.getfixturevalue("shared_data") / "candles" / "upbit"
        return {base: pd.read_parquet(folder / f"{base}-KRW_1d.parquet").set_index("ts") for base in BASES}
    made = random_candles(tuple(f"{base}/KRW" for base in BASES), rows=800)
    index = pd.date_range("2022-01-01", periods=len(made.ts), tz="UTC")
    names = ("open", "high", "low", "close", "volume")
    return {base: pd.DataFrame({n: getattr(made, n)[:, i] for n in names}, index) for i, base in enumerate(BASES)}


@pytest.fixture(scope="module", params=["volatility_breakout", "momentum", "buy_and_hold"])
def run(request, candles):
    return BacktestFacade().run_backtest(request.param, list(candles), candles, start="2022-02-01")


@pytest.fixture
def ours(run):
    return run["performance"]


@pytest.fixture
def prices(run):
    """Equity with the capital one day before, as the libraries want it."""
    equity = run["equity"].tz_localize(None)
    first = pd.Series([float(CAPITAL)], [equity.index[0] - pd.Timedelta(days=1)])
    return pd.concat([first, equity])


@pytest.fixture
def daily(prices):
    return prices.pct_change().dropna()


@pytest.fixture
def other(run):
    """Daily returns of the benchmark."""
    from cqs_backtest.metrics.benchmark import basket

    equity = np.append(CAPITAL, basket(run["result"]))
    return pd.Series(equity[1:] / equity[:-1] - 1, run["equity"].tz_localize(None).index)


class TestFfn:
    def test_return_and_drawdown(self, ours, prices):
        assert 100 * ffn.calc_total_return(prices) == pytest.approx(ours["total_return"])
        assert 100 * ffn.calc_max_drawdown(prices) == pytest.approx(ours["mdd"])

    def test_sharpe_and_volatility_with_365(self, ours, daily):
        assert ffn.calc_sharpe(daily, nperiods=DAYS) == pytest.approx(ours["sharpe"])
        assert 100 * daily.std() * DAYS**0.5 == pytest.approx(ours["volatility"])

    def test_cagr_differs_by_its_year_of_365_25_days(self, ours, prices):
        span = (prices.index[-1] - prices.index[0]).days
        theirs = ffn.calc_cagr(prices)
        assert 100 * theirs != pytest.approx(ours["cagr"], rel=1e-6)
        assert 100 * ((1 + theirs) ** (DAYS / 365.25) - 1) == pytest.approx(ours["cagr"], rel=1e-9)
        assert span == len(prices) - 1

    def test_sortino(self, ours, daily):
        assert ffn.calc_sortino_ratio(daily, nperiods=DAYS) == pytest.approx(ours["sortino"])

    def test_skew_and_kurtosis_differ_by_the_correction_for_samples(self, ours, daily):
        stats = ffn.PerformanceStats((1 + daily).cumprod(), annualization_factor=DAYS)
        n = len(daily) - 1  # its first price has no return
        rest = daily.iloc[1:]
        skew = ((rest - rest.mean()) ** 3).mean() / rest.std(ddof=0) ** 3
        assert stats.daily_skew == pytest.approx(skew * np.sqrt(n * (n - 1)) / (n - 2))
        assert ours["skew"] == pytest.approx(skew, rel=0.05)

    def test_best_and_worst(self, ours, prices):
        stats = ffn.PerformanceStats(prices, annualization_factor=DAYS)
        assert 100 * stats.best_day == pytest.approx(ours["best_day"])
        assert 100 * stats.worst_day == pytest.approx(ours["worst_day"])
        assert 100 * stats.best_month == pytest.approx(ours["best_month"])
        assert 100 * stats.worst_month == pytest.approx(ours["worst_month"])

    def test_drawdowns(self, run, prices):
        found = ffn.drawdown_details(ffn.to_drawdown_series(prices))
        deepest = found.sort_values("drawdown").iloc[0]
        result = run["result"]
        mine = worst_drawdowns(result.candles.ts, result.execution.equity, CAPITAL)[0]
        assert 100 * deepest["drawdown"] == pytest.approx(mine.depth_pct)
        assert abs(float(deepest["Length"]) - mine.days) <= 1  # they count from the first day below the high


class TestEmpyrical:
    def test_ratios(self, ours, daily):
        assert ep.sharpe_ratio(daily, annualization=DAYS) == pytest.approx(ours["sharpe"])
        assert ep.sortino_ratio(daily, annualization=DAYS) == pytest.approx(ours["sortino"])
        assert ep.calmar_ratio(daily, annualization=DAYS) == pytest.approx(ours["calmar"])
        assert ep.omega_ratio(daily) == pytest.approx(ours["omega"])
        assert ep.tail_ratio(daily) == pytest.approx(ours["tail_ratio"])

    def test_percentages(self, ours, daily):
        assert 100 * ep.cagr(daily, annualization=DAYS) == pytest.approx(ours["cagr"])
        assert 100 * ep.annual_volatility(daily, annualization=DAYS) == pytest.approx(ours["volatility"])
        assert 100 * ep.max_drawdown(daily) == pytest.approx(ours["mdd"])
        assert 100 * ep.downside_risk(daily, annualization=DAYS) == pytest.approx(ours["downside_volatility"])
        assert 100 * ep.value_at_risk(daily) == pytest.approx(ours["var_95"])

    def test_cvar_differs_by_cutting_at_a_count_instead_of_the_percentile(self, ours, daily):
        cut = int((len(daily) - 1) * 0.05)
        assert 100 * ep.conditional_value_at_risk(daily) == pytest.approx(100 * np.sort(daily)[: cut + 1].mean())
        assert 100 * ep.conditional_value_at_risk(daily) == pytest.approx(ours["cvar_95"], rel=0.02)

    def test_beta_agrees_and_alpha_differs_by_compounding(self, ours, daily, other):
        if ours["beta"] == pytest.approx(1):
            pytest.skip("buy and hold is its own benchmark")
        assert ep.beta(daily, other) == pytest.approx(ours["beta"])
        assert 100 * (ep.alpha(daily, other, annualization=DAYS)) == pytest.approx(
            100 * ((1 + ours["alpha"] / 100 / DAYS) ** DAYS - 1)
        )

    def test_information_ratio_differs_by_the_year(self, ours, daily, other):
        assert ep.excess_sharpe(daily, other) * DAYS**0.5 == pytest.approx(ours["information_ratio"])

    def test_years_and_months(self, run, daily, ours):
        from cqs_backtest.metrics import monthly_returns, yearly_returns

        ts, equity = run["result"].candles.ts, run["result"].execution.equity
        years, months = (100 * ep.aggregate_returns(daily, by) for by in ("yearly", "monthly"))
        assert list(yearly_returns(ts, equity, CAPITAL).values()) == pytest.approx(years.tolist())
        assert list(monthly_returns(ts, equity, CAPITAL).values()) == pytest.approx(months.tolist())
        assert ours["best_year"] == pytest.approx(years.max())


class TestQuantstats:
    def test_ratios(self, ours, daily):
        assert qs.sharpe(daily, periods=DAYS) == pytest.approx(ours["sharpe"])
        assert qs.sortino(daily, periods=DAYS) == pytest.approx(ours["sortino"])
        assert qs.omega(daily, periods=DAYS) == pytest.approx(ours["omega"])
        assert qs.tail_ratio(daily) == pytest.approx(ours["tail_ratio"])

    def test_percentages(self, ours, daily):
        assert 100 * qs.volatility(daily, periods=DAYS) == pytest.approx(ours["volatility"])
        assert 100 * qs.max_drawdown(daily) == pytest.approx(ours["mdd"])
        assert 100 * qs.best(daily) == pytest.approx(ours["best_day"])
        assert 100 * qs.worst(daily) == pytest.approx(ours["worst_day"])

    def test_days_of_gain_leave_out_days_without_change(self, ours, daily):
        assert 100 * qs.win_rate(daily) == pytest.approx(ours["positive_days"])

    def test_ulcer_index_differs_by_one_degree_of_freedom(self, ours, daily):
        n = len(daily)
        assert 100 * qs.ulcer_index(daily) * np.sqrt((n - 1) / n) == pytest.approx(ours["ulcer_index"])

    def test_var_differs_by_assuming_a_normal_distribution(self, ours, daily):
        from statistics import NormalDist

        normal = NormalDist(daily.mean(), daily.std()).inv_cdf(0.05)
        assert qs.value_at_risk(daily) == pytest.approx(normal)
        assert 100 * normal != pytest.approx(ours["var_95"], rel=1e-3)

    def test_skew_and_kurtosis_differ_by_the_correction_for_samples(self, ours, daily):
        n = len(daily)
        assert qs.skew(daily) * (n - 2) / np.sqrt(n * (n - 1)) == pytest.approx(ours["skew"])
        population = ((n - 2) * (n - 3) / (n - 1) * qs.kurtosis(daily) - 6) / (n + 1)
        assert population == pytest.approx(ours["kurtosis"])
