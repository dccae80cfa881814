"""One table of metrics, and one answer for each edge case."""

import json
import math

import numpy as np
import pytest
from handmade import WAVE, daily
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_backtest import BacktestFacade, runs
from cqs_backtest import compare as side_by_side
from cqs_backtest.metrics import monthly_returns, rolled, statistics, worst_drawdowns, yearly_returns
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note, other_versions
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.report import tear_sheet
from cqs_backtest.runs import read
from cqs_backtest.runs.reproducing import verify
from cqs_backtest.runs.run_comparison import compare
from cqs_core import Candles, Costs, Execution, Fill, Lake, Orders, RunResult
from cqs_core.cli import plain
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_core.trading.metrics import FORMULAS, daily_equity, sharpe

RUN = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--start", "2024-03-01", "--json")


def result_of(equity, *, step=DAY, interval="1d", ts=None, fills=(), day_start=0):
    equity = np.asarray(equity, float)
    ts = np.arange(len(equity), dtype=np.int64) * step if ts is None else ts
    price = np.full((len(equity), 1), 100.0)
    candles = Candles(ts, ("A/KRW",), *[price] * 5, interval=interval)
    return RunResult(
        candles, Orders(), Execution(equity, np.array(list(fills), Fill)), Costs(capital=1000.0), "made", day_start
    )


class TestTable:
    def test_each_metric_says_all_of_itself(self):
        for name, metric in CONVENTIONS.items():
            assert metric.name == name
            assert metric.label
            assert metric.text
            assert metric.unit in ("%", "", "#", "$", "d")
            assert metric.version >= 1

    def test_what_a_run_has_is_the_table(self):
        made = BacktestFacade().run_backtest("momentum", ["BTC"], {"BTC": WAVE})
        assert list(made["performance"]) == list(CONVENTIONS)
        headline = made["result"].performance
        assert {name: headline[name] for name in HEADLINE} == pytest.approx(
            {name: made["performance"][name] for name in HEADLINE}, nan_ok=True
        )

    def test_a_rolled_metric_is_that_of_its_window(self):
        returns = np.random.default_rng(1).normal(0.001, 0.02, 120)
        rolling = rolled("sharpe", daily(returns), 90)
        assert np.isnan(rolling[:89]).all()
        assert rolling[100] == pytest.approx(sharpe(daily(returns[11:101])))
        assert rolled("best_day", daily(returns), 10)[9] == 100 * returns[:10].max()
        with pytest.raises(KeyError):
            rolled("win_rate", daily(returns), 90)


class TestAnotherFormula:
    @pytest.fixture
    def run(self, cqs):
        return cqs(*RUN)[1]["run"]

    def test_verify_names_the_metrics_that_moved(self, bucket, cqs, run, monkeypatch):
        monkeypatch.setitem(FORMULAS, "sharpe", lambda daily: float(daily.returns.mean() / daily.returns.std()))
        code, found, _ = cqs("backtest", "verify", run, "--json")
        assert code == 0
        assert found["verdict"] == "changed"
        [told] = found["because"]
        assert told.startswith("metric sharpe: ")
        assert " stored, " in told

    @pytest.mark.parametrize("name", ["cagr", "win_rate", "fees_paid", "beta", "ulcer_index", "best_month"])
    def test_every_stored_metric_is_compared(self, bucket, run, name):
        path = bucket.folder / "runs" / run / "manifest.json"
        made = json.loads(path.read_text())
        made["performance"][name] *= 1.0001
        path.write_text(json.dumps(made))
        [told] = verify(bucket, run)["because"]
        assert told.startswith(f"metric {name}: ")

    def test_runs_of_another_version_are_marked(self, bucket, cqs, run, monkeypatch):
        old = cqs(*RUN, "--set", "noise_ratio=0.6")[1]["run"]
        path = bucket.folder / "runs" / old / "manifest.json"
        made = json.loads(path.read_text())
        made["metrics"]["sharpe"] -= 1
        path.write_text(json.dumps(made))
        assert other_versions(read(bucket, old).manifest) == ["sharpe"]
        assert compare(bucket, [run, old])["other_versions"] == {run: [], old: ["sharpe"]}
        listed = {row["id"]: row["other_versions"] for row in cqs("backtest", "list", "--json")[1]}
        assert listed == {run: [], old: ["sharpe"]}
        assert cqs("backtest", "list")[1].count("(metrics of another version)") == 1
        assert "2 was made under another version of: Sharpe" in cqs("backtest", "compare", run, old)[1]
        assert runs.table(bucket)["other_versions"].to_dict() == {run: "", old: "sharpe"}
        pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")
        note = "made under another version of: Sharpe"
        assert note in tear_sheet(read(bucket, old))
        assert note in runs.load(old, bucket)._repr_html_()
        assert note not in runs.load(run, bucket)._repr_html_()
        assert note in side_by_side([run, old], bucket=bucket)._repr_html_()

    def test_sql_says_which_figures_do_not_compare(self, bucket, run):
        path = bucket.folder / "runs" / run / "manifest.json"
        made = json.loads(path.read_text())
        made["metrics"]["sharpe"] = 1
        path.write_text(json.dumps(made))
        lake = Lake(bucket)
        assert lake.sql("select other_versions from runs").to_pydict() == {"other_versions": [["sharpe"]]}
        # a count: its formula will hardly change
        query = "select version from run_metrics where metric in ('sharpe', 'num_trades') order by metric"
        assert lake.sql(query).to_pydict() == {"version": [1, 1]}
        query = "select version from run_metrics where metric = 'cagr'"
        assert lake.sql(query).to_pydict() == {"version": [CONVENTIONS["cagr"].version]}

    def test_a_run_from_before_versions_has_the_first_ones(self, bucket, run):
        path = bucket.folder / "runs" / run / "manifest.json"
        made = json.loads(path.read_text())
        del made["metrics"]
        path.write_text(json.dumps(made))
        assert "sharpe" in other_versions(read(bucket, run).manifest)
        assert "num_trades" not in other_versions(read(bucket, run).manifest)  # a count is at version 1


class TestEdges:
    def test_winners_only(self, bucket, cqs):
        fills = [(0, 0, 0, 1.0, 100.0, 0.0), (1, 0, 0, -1.0, 120.0, 0.0)]
        told = statistics(result_of([1000, 1020], fills=fills))
        assert told["profit_factor"] == math.inf
        assert figure(told["profit_factor"], "") == "∞"
        assert np.isnan(statistics(result_of([1000, 1000]))["profit_factor"])

    def test_winners_only_is_kept_as_such(self, bucket, cqs):
        made = cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--json")[1]["run"]
        path = bucket.folder / "runs" / made / "manifest.json"
        stored = json.loads(path.read_text())
        stored["infinite"], stored["performance"]["profit_factor"] = ["profit_factor"], None
        path.write_text(json.dumps(stored))
        assert read(bucket, made).manifest["performance"]["profit_factor"] == math.inf
        code, shown, _ = cqs("backtest", "show", made, "--json")
        assert (code, shown["performance"]["profit_factor"], shown["infinite"]) == (0, None, ["profit_factor"])
        assert cqs("backtest", "confirm", made, "--json")[0] == 0
        assert "Infinity" not in path.read_text()

    def test_ten_minutes_have_no_year(self):
        told = statistics(result_of(np.linspace(1003, 1030, 10), step=MINUTE, interval="1m"))
        for name in ("cagr", "calmar", "benchmark_cagr", "turnover", "sharpe", "sortino"):
            assert np.isnan(told[name])
        assert told["total_return"] == pytest.approx(3)

    @pytest.mark.parametrize(("interval", "told"), [("1d", None), ("1m", None), ("1w", "weekly"), ("1M", "monthly")])
    def test_longer_bars_say_what_daily_figures_are_made_of(self, interval, told):
        note = daily_note(interval)
        assert (note is None) == (told is None)
        assert told is None or f"made of {told} bars" in note

    @pytest.mark.parametrize(
        ("day_start", "hour", "month"), [(0, 23, "2024-01"), (15 * HOUR, 15, "2024-02"), (9 * HOUR, 9, "2024-01")]
    )
    def test_months_and_years_follow_the_local_day(self, day_start, hour, month):
        """A day that starts at 15:00 UTC is tomorrow's in Seoul."""
        at = np.datetime64(f"2024-01-31T{hour:02}:00", "ms").astype(np.int64)
        days, equity = daily_equity(np.array([at]), np.array([1010.0]), day_start)
        assert list(monthly_returns(days, equity, 1000)) == [month]
        eve = np.datetime64(f"2023-12-31T{hour:02}:00", "ms").astype(np.int64)
        days, equity = daily_equity(np.array([eve]), np.array([1010.0]), day_start)
        assert list(yearly_returns(days, equity, 1000)) == ["2024" if day_start == 15 * HOUR else "2023"]


def walk(n, seed, vol, scale):
    moves = np.random.default_rng(seed).normal(0, vol, n).cumsum()
    return scale * np.exp(np.clip(moves, -300, 300))


CURVES = st.one_of(
    st.builds(np.full, st.integers(1, 400), st.sampled_from([1000.0, 1e-9, 1e15, 0.0])),
    st.builds(
        walk,
        st.integers(1, 400),
        st.integers(0, 2**32 - 1),
        st.sampled_from([1e-16, 1e-12, 1e-6, 0.02, 0.5, 20.0]),
        st.sampled_from([1e-290, 1e-9, 1.0, 1000.0, 1e15, 1e150]),
    ),
    st.lists(st.floats(0, 1e300, allow_subnormal=True), min_size=1, max_size=30).map(np.array),
)
GAPS = st.sampled_from([1, 1, 1, 3, 40, 400])


INTERVALS = {"1m": MINUTE, "1h": HOUR, "1d": DAY, "1w": 7 * DAY, "1M": 31 * DAY}
any_curve = given(CURVES, GAPS, st.sampled_from(list(INTERVALS)), st.integers(0, 23), st.integers(0, 2**32 - 1))


def check_curve(equity, gap, interval, hour, seed):
    gaps = np.random.default_rng(seed).integers(1, gap + 1, len(equity))
    ts = np.cumsum(gaps.astype(np.int64) * INTERVALS[interval])
    result = result_of(equity, interval=interval, ts=ts, day_start=hour * HOUR)
    told = statistics(result)
    assert set(told) == set(CONVENTIONS)
    assert not any(math.isinf(value) for name, value in told.items() if not CONVENTIONS[name].unlimited)
    days, at_end = daily_equity(ts, result.execution.equity, result.day_start)
    calendar = monthly_returns(days, at_end, 1000), yearly_returns(days, at_end, 1000)
    json.dumps(plain([told, result.performance, *calendar]), allow_nan=False)
    worst_drawdowns(ts, result.execution.equity, 1000)


@settings(deadline=None, max_examples=80)
@any_curve
def test_no_curve_is_an_error_a_warning_or_an_infinite_number(equity, gap, interval, hour, seed):
    check_curve(equity, gap, interval, hour, seed)


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(deadline=None, max_examples=2000)
@any_curve
def test_soak_two_thousand_curves(equity, gap, interval, hour, seed):
    check_curve(equity, gap, interval, hour, seed)
