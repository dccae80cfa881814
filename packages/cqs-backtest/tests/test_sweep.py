"""Sweeps: the sets, the rows, what is said of the best one, and what a kill leaves behind."""

import io
import json
import math

import numpy as np
import param
import pyarrow.parquet as pq
import pytest
from handmade import WAVE, store
from rules_to_send import after_part, interrupt

from cqs_backtest.loading.strategies import find
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.evaluator import Evaluator
from cqs_backtest.search.executors import open_executor
from cqs_backtest.search.space import make_space
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.sweep import Sweep, SweepJob
from cqs_backtest.strategies import STRATEGIES, MeanReversion, VolatilityBreakout
from cqs_core import Orders, Strategy, UsageError, plugins, simulate

GRID = ("--param", "noise_ratio=0.1:0.9:0.2", "--param", "btc_ma=5:20:5", "--param", "ma_short=3,5")
SWEEP = ("backtest", "sweep", "volatility_breakout", "--symbols", "BTC,ETH")


def values(text, name="noise_ratio", strategy=VolatilityBreakout):
    return list(make_space(strategy, {name: text}).axes[0].values)


def rows_of(bucket, sweep):
    tables = [pq.read_table(io.BytesIO(bucket.read(e.key))) for e in bucket.list(f"{SweepFolder.root}/{sweep}/rows")]
    return [row for table in tables for row in table.to_pylist()]


class TestSets:
    def test_a_range_has_both_ends_and_no_drift(self):
        assert values("0.1:0.9:0.1") == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
        assert values("0.1:0.9:0.05")[4] == 0.3
        assert values("5:50:5", "btc_ma") == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
        assert values("0.1:0.3:0.15") == [0.1, 0.25, 0.3]
        assert values("0.2:0.2") == [0.2]

    def test_lists_choices_and_own_bounds(self):
        assert values("0.3,0.1,0.3") == [0.3, 0.1]
        assert values(None, "exit_at") == ["signal", "next_open"]
        assert values(None, "ma_short") == list(range(3, 21))
        assert len(values(None)) == 17

    def test_all_parameters_by_default(self):
        space = make_space(MeanReversion, {})
        assert [axis.name for axis in space.axes] == list(MeanReversion.parameters())
        assert len(space) == space.cells == math.prod(space.shape)

    def test_the_last_parameter_changes_fastest(self):
        space = make_space(VolatilityBreakout, {"btc_ma": "5,10", "ma_short": "3,4,5"})
        assert space.sets(0, 4) == [
            {"btc_ma": 5, "ma_short": 3},
            {"btc_ma": 5, "ma_short": 4},
            {"btc_ma": 5, "ma_short": 5},
            {"btc_ma": 10, "ma_short": 3},
        ]

    def test_random_sets_are_each_once_and_repeatable(self):
        def chosen(seed):
            return [tuple(s.items()) for s in make_space(MeanReversion, {}, count=500, seed=seed).sets(0, 500)]

        assert len(set(chosen(1))) == 500
        assert chosen(1) == chosen(1) != chosen(2)
        assert len(make_space(VolatilityBreakout, {"btc_ma": "5,10"}, count=99)) == 2

    @pytest.mark.parametrize(
        ("ranges", "told"),
        [
            ({"noise_ratio": "0.9:0.1:0.1"}, "is empty"),
            ({"noise_ratio": "0.1:0.9:0"}, "is empty"),
            ({"noise_ratio": "0.1:0.9:-0.1"}, "is empty"),
            ({"noise_ratio": ""}, "has no values"),
            ({"noise_ratio": "a:b:c"}, "is not a range"),
            ({"noise_ratio": "0.1:nan:0.1"}, "is not a range"),
            ({"noise_ratio": "0.1:2:0.1"}, "must be a number from 0.1 to 0.9"),
            ({"btc_ma": "5:10:0.5"}, "has fractions"),
            ({"exit_at": "signal,never"}, "must be one of"),
            ({"noise": "1"}, "did you mean 'noise_ratio'?"),
            ({"xyz": "1"}, "there are: btc_ma, exit_at, late_entry_pct, ma_short, noise_ratio"),
            ({"only_in": "1,2"}, "give it by --only-in"),
            ({"noise_ratio": "0.1:0.9:0.0000001"}, "larger step"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, ranges, told):
        with pytest.raises(UsageError) as error:
            make_space(VolatilityBreakout, ranges)
        assert told in str(error.value)

    def test_a_strategy_without_parameters(self):
        with pytest.raises(UsageError, match="no parameter that can be searched"):
            make_space(STRATEGIES["buy_and_hold"], {})


class TestEveryStrategy:
    @pytest.mark.parametrize("name", [n for n, s in STRATEGIES.items() if s.parameters()])
    def test_random_rows_are_what_single_runs_on_each_engine_give(self, bucket, name):
        request = make_request(name, ["BTC", "ETH"], costs=make_costs(), start="2024-02-01")
        job = SweepJob(Sweep(request, {}, count=40, seed=3), bucket, executor=open_executor(threads=2))
        result = job.run()
        assert (result["rows"], result["failed"]) == (40, 0)
        rows = rows_of(bucket, result["sweep"])
        assert len({json.dumps([row[p] for p in STRATEGIES[name].parameters()]) for row in rows}) == 40
        for row in np.random.default_rng(5).choice(rows, 3, replace=False):
            strategy = find(name, {p: row[p] for p in STRATEGIES[name].parameters()})
            for engine in plugins().engines().values():
                single = simulate(strategy, job.candles, engine, request.costs, start=request.start).performance
                for metric, value in single.items():
                    assert row[metric] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), metric


class Unusual(Strategy):
    """Orders in every shape that is allowed."""

    id = "unusual"

    way = param.Selector(objects=["frame", "row", "column", "integers", "both", "target", "cells", "never"])
    bars = param.Integer(3, bounds=(1, 400))

    def warmup(self):
        return self.bars

    def orders(self, candles):
        import pandas as pd

        rising = np.vstack([np.zeros((1, 2), bool), candles.close[1:] > candles.close[:-1]])
        up = np.vstack([np.zeros((1, 2), bool), rising[:-1]])
        ways = {
            "frame": lambda: Orders(enter=pd.DataFrame(up, candles.ts, candles.symbols), exit=False),
            "row": lambda: Orders(enter=up, exit=~up, weight=np.array([[0.3, 0.5]])),
            "column": lambda: Orders(enter=up, exit=~up, weight=np.full((len(up), 1), 0.2), trailing=0.05),
            "integers": lambda: Orders(target=np.where(up, 1, 0) // 2),
            "both": lambda: Orders(enter=up, exit=up),
            "target": lambda: Orders(target=np.where(up, 0.4, np.nan), stop_loss=np.full(up.shape, 0.1)),
            "cells": lambda: Orders(enter=up, stop=np.where(up, candles.open * 1.01, -1.0), exit=True, max_cash=1),
            "never": lambda: 1 / 0,
        }
        return ways[self.way]()


class TestRows:
    def evaluator(self, bucket, strategy, **options):
        request = make_request(strategy, ["BTC", "ETH"], costs=make_costs(**options))
        from cqs_backtest import feed

        return request, Evaluator(request, feed.from_lake(request, bucket))

    @pytest.mark.parametrize(
        "options", [{}, {"max_volume_share": 0.1, "capital": 1000.0}, {"lot": 0.1, "min_order": 9}]
    )
    def test_orders_in_every_shape_mean_what_they_mean_in_a_single_run(self, bucket, options):
        request, evaluator = self.evaluator(bucket, Unusual, **options)
        ways = [{"way": way, "bars": bars} for way in Unusual.param.way.objects for bars in (1, 300)]
        rows = evaluator.rows(ways)
        for k, chosen in enumerate(ways):
            expected, told = self.single(request, evaluator.candles, chosen)
            assert rows.errors.get(k) == told, chosen
            for name, value in expected.items():
                assert rows.metrics[name][k] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), (name, chosen)
        assert len(rows.errors) == 8 + 2

    def single(self, request, candles, chosen):
        """Metrics of a single run, or those of none and why it is refused."""
        if chosen["bars"] == 300:
            return {"sharpe": np.nan}, "there are 300 candles of a market; this set needs 300 before its first order"
        try:
            return simulate(find(Unusual, chosen), candles, request.engine, request.costs).performance, None
        except UsageError as error:
            return {"sharpe": np.nan}, str(error)

    def test_any_metric_can_be_asked_for(self, bucket):
        request, _ = self.evaluator(bucket, VolatilityBreakout)
        from cqs_backtest import feed
        from cqs_backtest.metrics import statistics

        evaluator = Evaluator(request, feed.from_lake(request, bucket), ["ulcer_index", "alpha"])
        found = evaluator.rows([{"btc_ma": 7}]).metrics
        whole = statistics(evaluator.result({"btc_ma": 7}))
        assert {name: value[0] for name, value in found.items()} == pytest.approx(
            {name: whole[name] for name in found}, rel=1e-9, nan_ok=True
        )

    @pytest.mark.parametrize(("metrics", "options"), [(["ulcer_index"], {}), ([], {"max_volume_share": 0.1}), ([], {})])
    def test_a_set_asks_for_its_orders_once(self, bucket, metrics, options):
        asked = []

        class Counting(VolatilityBreakout):
            def orders(self, candles):
                asked.append(self.btc_ma)
                return super().orders(candles)

        request, evaluator = self.evaluator(bucket, Counting, **options)
        Evaluator(request, evaluator.candles, metrics).rows([{"btc_ma": 7}, {"btc_ma": 9}])
        assert asked == [7, 9]

    def test_a_rule_that_asks_param_gets_the_values_of_the_set(self, bucket):
        class Asking(VolatilityBreakout):
            def orders(self, candles):
                assert self.param.values()["btc_ma"] == self.btc_ma == type(self).param.btc_ma.__get__(self, type(self))
                assert self.values()["btc_ma"] == self.btc_ma
                return super().orders(candles)

        _, evaluator = self.evaluator(bucket, Asking)
        assert not evaluator.rows([{"btc_ma": n} for n in (7, 9, 9, 7)]).errors


def test_the_json_of_a_sweep(cqs, bucket):
    code, found, err = cqs(*SWEEP, *GRID, "--require", "num_trades>=5", "--json")
    assert (code, err) == (0, "")
    assert set(found) >= {"rows", "best", "plateau", "dsr", "pbo", "trials", "table"}
    assert found["rows"] == found["trials"] == 40
    rows = rows_of(bucket, found["sweep"])
    assert sorted(row["set"] for row in rows) == list(range(40))
    allowed = [row for row in rows if row["num_trades"] >= 5]
    assert found["best"]["sharpe"] == pytest.approx(max(row["sharpe"] for row in allowed))
    assert found["badges"]["lookahead"] == "ok"
    assert found["badges"]["parity"] == "ok"
    assert found["best"]["dsr"] == found["dsr"]
    assert 0 <= found["plateau"]["dsr"] <= 1


def test_for_people(cqs):
    code, out, _ = cqs(*SWEEP, *GRID)
    assert code == 0
    assert "Best plateau" in out
    assert "Deflated Sharpe" in out
    assert "40 sets were tried so far" in out
    assert "read_parquet" not in out


def test_a_sweep_that_was_stopped_goes_on_where_it_was(bucket):
    request = make_request("volatility_breakout", ["BTC", "ETH"], costs=make_costs())
    asked = Sweep(request, {"noise_ratio": "0.1:0.9:0.1", "btc_ma": "5:20:1"})
    whole = SweepJob(asked, bucket)
    whole._part = 10
    whole.run()
    stopped = SweepJob(asked, bucket, executor=open_executor(threads=2))
    stopped._part = 10
    after_part(stopped, 4, interrupt)
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    assert len(rows_of(bucket, stopped.folder.id)) == 40
    again = SweepJob(asked, bucket, resume=stopped.folder.id, executor=open_executor(threads=2))
    result = again.run()
    assert (result["sweep"], result["rows"]) == (stopped.folder.id, 144)
    assert repr(rows_of(bucket, stopped.folder.id)) == repr(rows_of(bucket, whole.folder.id))
    assert result["trials"] == 144


def test_a_sweep_is_not_resumed_with_other_candles_or_ranges(bucket, cqs):
    _, made, _ = cqs(*SWEEP, *GRID, "--json")
    code, _, err = cqs(*SWEEP, *GRID[:4], "--resume", made["sweep"])
    assert code == 2
    assert "was made with other ranges" in err
    store(bucket, "ETH/KRW", WAVE * [3, 3, 3, 3, 1])
    code, _, err = cqs(*SWEEP, *GRID, "--resume", made["sweep"])
    assert code == 2
    assert "was made with other candles" in err
    assert len(rows_of(bucket, made["sweep"])) == 40
    assert cqs(*SWEEP, *GRID, "--resume", "no-such")[0] == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--param", "noise_ratio=1:0:0.1"), "is empty"),
        (("--param", "noise_ratio=0.5", "--set", "noise_ratio=0.5"), "by --set and by --param"),
        (("--param", "btc_ma", "--param", "btc_ma=7"), "is given twice"),
        (("--param", "btc_ma=7", "--objective", "sharp"), "did you mean 'sharpe'?"),
        (("--param", "btc_ma=7", "--require", "trades"), "is not a requirement"),
        (("--param", "btc_ma=7", "--require", "num_trades>=1.2.3"), "is not a requirement"),
        ((), "--random"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(cqs, bucket, options, told):
    code, out, err = cqs(*SWEEP, *options)
    assert (code, out) == (2, "")
    assert told in err
    assert not bucket.list(SweepFolder.root)


def test_a_set_that_cannot_run_is_told_and_the_others_go_on(cqs, bucket, tmp_path):
    rule = tmp_path / "picky.py"
    rule.write_text(
        "import param\n"
        "from cqs_core import Orders, Strategy\n"
        "class Picky(Strategy):\n"
        "    id = 'picky'\n"
        "    n = param.Integer(1, bounds=(0, 4), step=1)\n"
        "    def orders(self, candles):\n"
        "        if self.n == 2:\n"
        "            raise ValueError('two')\n"
        "        if self.n == 4:\n"
        "            raise SystemExit(0)\n"
        "        return Orders(enter=True, stop_loss=self.n / 10)\n"
    )
    code, found, _ = cqs("backtest", "sweep", f"{rule}:Picky", "--symbols", "BTC", "--json")
    assert (code, found["rows"], found["failed"]) == (0, 5, 2)
    assert "ValueError: two (picky.py, line 8)" in found["first_error"]
    failed = {row["n"]: row["error"] for row in rows_of(bucket, found["sweep"]) if row["error"]}
    assert failed.keys() == {2, 4}
    assert failed[2] == found["first_error"]
    assert "SystemExit" in failed[4]
    code, _, err = cqs("backtest", "sweep", f"{rule}:Picky", "--symbols", "BTC", "--param", "n=2", "--json")
    assert code == 2
    assert "none of 1 sets could run" in err


def test_a_parameter_may_be_called_like_a_metric(cqs, bucket, tmp_path):
    rule = tmp_path / "named.py"
    rule.write_text(
        "import param\n"
        "from cqs_core import Orders, Strategy\n"
        "class Named(Strategy):\n"
        "    id = 'named'\n"
        "    sharpe = param.Number(0.5, bounds=(0.2, 0.8), step=0.3)\n"
        "    def orders(self, candles):\n"
        "        print('told')\n"
        "        return Orders(enter=True, weight=self.sharpe)\n"
    )
    sweep = ("backtest", "sweep", f"{rule}:Named", "--symbols", "BTC", "--objective", "volatility")
    code, found, _ = cqs(*sweep, "--json")
    assert (code, found["best"]["parameter_sharpe"]) == (0, 0.2)  # less volatility is better
    rows = rows_of(bucket, found["sweep"])
    assert [row["parameter_sharpe"] for row in rows] == [0.2, 0.5, 0.8]
    assert found["best"]["sharpe"] == pytest.approx(rows[0]["sharpe"])
    assert "parameter_sharpe" in cqs(*sweep)[1]


def test_a_rule_that_differs_from_call_to_call_is_noticed(cqs, bucket, tmp_path):
    rule = tmp_path / "moody.py"
    rule.write_text(
        "import numpy as np, param\n"
        "from cqs_core import Orders, Strategy\n"
        "class Moody(Strategy):\n"
        "    id = 'moody'\n"
        "    n = param.Integer(1, bounds=(1, 3), step=1)\n"
        "    def orders(self, candles):\n"
        "        enter = np.random.default_rng().random(candles.shape) < 0.5\n"
        "        return Orders(enter=enter, exit=~enter)\n"
    )
    code, _, err = cqs("backtest", "sweep", f"{rule}:Moody", "--symbols", "BTC", "--json")
    assert code == 2
    assert "is the strategy the same at every call?" in err


@pytest.fixture
def regime(tmp_path):
    """A feature: bull on every other week."""
    import pandas as pd

    days = pd.date_range("2023-12-01", periods=400, freq="D", tz="UTC", unit="ms")
    path = tmp_path / "regime.csv"
    pd.DataFrame({"ts": days, "value": np.where(np.arange(400) // 7 % 2, "bull", "bear")}).to_csv(path, index=False)
    return ("--feature", f"regime={path}", "--only-in", "regime=bull")


def test_features_limit_every_set_as_they_limit_a_single_run(cqs, bucket, regime):
    code, found, err = cqs(*SWEEP, "--param", "btc_ma=5,10", *regime, "--json")
    assert (code, err) == (0, "")
    rows = rows_of(bucket, found["sweep"])
    for row in rows:
        run = ("backtest", "run", *SWEEP[2:], "--set", f"btc_ma={row['btc_ma']}", *regime, "--json")
        single = cqs(*run)[1]
        assert row["num_trades"] == single["performance"]["num_trades"]
        assert row["sharpe"] == pytest.approx(single["performance"]["sharpe"], rel=1e-9)
    unlimited = rows_of(bucket, cqs(*SWEEP, "--param", "btc_ma=5,10", "--json")[1]["sweep"])
    assert rows[0]["num_trades"] != unlimited[0]["num_trades"]
    assert cqs(*SWEEP, "--param", "btc_ma=5,10", "--resume", found["sweep"])[0] == 2
    code, stressed, _ = cqs("backtest", "stress", single["run"], "--shifts", "1", "--json")
    assert code == 0
    assert stressed["base"]["sharpe"] == pytest.approx(single["performance"]["sharpe"])
    walk = (
        "backtest",
        "walk-forward",
        *SWEEP[2:],
        "--param",
        "btc_ma=5,10",
        "--optimize-days",
        "200",
        "--test-days",
        "50",
    )
    assert cqs(*walk, *regime, "--json")[0] == 0
