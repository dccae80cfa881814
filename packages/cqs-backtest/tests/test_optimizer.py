"""Sets that Optuna proposes: each once, repeatable, resumable; and the Pareto set of several objectives."""

import sys

import numpy as np
import param
import pytest
from handmade import frame, store
from rules_to_send import after_part, interrupt, table

from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.executors import open_executor
from cqs_backtest.search.objective import make_objective
from cqs_backtest.search.optimizer import batch_size, optimized
from cqs_backtest.search.pareto import pareto
from cqs_backtest.search.space import make_space
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.sweep import Sweep, SweepJob
from cqs_core import Strategy, UsageError

pytest.importorskip("optuna", reason="needs the extra: cqs-backtest[optuna]")

SWEEP = ("backtest", "sweep", "volatility_breakout", "--symbols", "BTC,ETH", "--param", "noise_ratio")
GRID = (*SWEEP, "--param", "btc_ma=5:50:1", "--param", "exit_at")


class Hill(Strategy):
    """Parameters alone; its metrics are made by the tests."""

    id = "hill"
    x = param.Integer(0, bounds=(0, 99), step=1)
    y = param.Integer(0, bounds=(0, 99), step=1)
    kind = param.Selector(objects=["low", "high"])

    def orders(self, candles):
        raise NotImplementedError


def searched(metrics, objective, count, seed=0):
    """The sets that are proposed where a set has these metrics."""

    def run(start, stop):
        sets = space.sets(start, stop)
        found = {name: np.array([values[name] for values in map(metrics, sets)], float) for name in objective.metrics}
        yield start, sets, made(found)

    space = make_space(Hill, {}, optimize=count)
    return [values for _, sets, _ in optimized(space, objective, seed, run) for values in sets]


def made(metrics):
    from cqs_backtest.search.evaluator import SetRows

    return SetRows(metrics, {})


def peak(values):
    """Best at 70, 20, high; below 30 nothing is traded."""
    far = (values["x"] - 70) ** 2 + (values["y"] - 20) ** 2
    return {
        "sharpe": -far + 500 * (values["kind"] == "high") if values["x"] >= 30 else np.nan,
        "num_trades": 100 - values["x"],
        "mdd": -values["y"],
    }


class TestProposals:
    def test_it_climbs_and_proposes_each_set_once(self):
        sets = searched(peak, make_objective("sharpe"), 120)
        assert len({tuple(values.values()) for values in sets}) == len(sets) == 120
        best = max(sets, key=lambda values: np.nan_to_num(peak(values)["sharpe"], nan=-1e9))
        assert abs(best["x"] - 70) + abs(best["y"] - 20) <= 6
        assert best["kind"] == "high"
        late = sets[60:]
        assert np.mean([values["x"] >= 30 for values in late]) > 0.9  # it learns where nothing is known
        chance = make_space(Hill, {}, count=120).sets(0, 120)
        assert max(np.nan_to_num(peak(v)["sharpe"], nan=-1e9) for v in chance) < peak(best)["sharpe"]

    def test_requirements_are_learned(self):
        objective = make_objective("sharpe", ["num_trades>=60"])
        late = searched(peak, objective, 120)[60:]
        assert np.mean([30 <= values["x"] <= 40 for values in late]) > 0.3  # 0.11 at random

    def test_several_objectives_spread_along_the_trade_off(self):
        objective = make_objective(["sharpe", "mdd"])
        assert batch_size(make_space(Hill, {}, optimize=300), objective) == 50
        sets = searched(peak, objective, 300)
        scores = np.array([[peak(v)["sharpe"], peak(v)["mdd"]] for v in sets], float)
        front = scores[pareto(scores)]
        chance = [[peak(v)["sharpe"], peak(v)["mdd"]] for v in make_space(Hill, {}, count=300).sets(0, 300)]
        assert front[0, 0] > np.nanmax(np.array(chance, float)[:, 0]) - 200
        assert len(front) >= 5
        assert len({tuple(values.values()) for values in sets}) == 300

    def test_the_seed_alone_decides(self):
        objective = make_objective("sharpe")
        assert searched(peak, objective, 40) == searched(peak, objective, 40) != searched(peak, objective, 40, seed=1)
        both = make_objective(["sharpe", "mdd"])
        assert searched(peak, both, 40) == searched(peak, both, 40)

    def test_nearly_all_of_a_small_grid(self):
        def flat(_):
            return {"sharpe": 0.0}

        sets = []
        space = make_space(Hill, {"x": "1:5:1", "kind": None}, optimize=9)

        def run(start, stop):
            sets.extend(space.sets(start, stop))
            yield start, space.sets(start, stop), made({"sharpe": np.zeros(stop - start)})

        list(optimized(space, make_objective("sharpe"), 0, run))
        assert len({tuple(values.values()) for values in sets}) == 9
        assert make_space(Hill, {"x": "1:5:1", "kind": None}, optimize=10).chosen is None  # the whole grid


class TestPareto:
    def test_no_other_row_beats_what_is_kept_and_each_other_row_is_beaten(self):
        scores = np.random.default_rng(0).integers(0, 12, (300, 3)).astype(float)
        scores[5] = np.nan
        front = pareto(scores)

        def beats(one, other):
            return (one >= other).all() and (one > other).any()

        for row in range(300):
            if row == 5:
                assert row not in front
                continue
            beaten = any(beats(scores[k], scores[row]) for k in range(300))
            equal = [k for k in front if (scores[k] == scores[row]).all()]
            assert (row in front) <= (not beaten)
            assert beaten or len(equal) == 1

    def test_best_first(self):
        scores = np.array([[1.0, 5.0], [3.0, 1.0], [2.0, 2.0], [3.0, 1.0], [0.0, 4.0]])
        assert pareto(scores).tolist() == [1, 2, 0]
        assert pareto(np.full((3, 2), np.nan)).tolist() == []


class TestSweeps:
    def test_rows_do_not_depend_on_the_number_of_threads(self, bucket):
        request = make_request("volatility_breakout", ["BTC", "ETH"], costs=make_costs())
        asked = Sweep(request, {"noise_ratio": None, "btc_ma": "5:50:1"}, seed=4, optimize=35)
        one, two = (SweepJob(asked, bucket, executor=open_executor(threads=n)).run() for n in (1, 2))
        assert table(bucket, one["sweep"]) == table(bucket, two["sweep"])
        assert (one["rows"], one["trials"], two["trials"], one["plateau"]) == (35, 35, 35, None)

    @pytest.mark.parametrize("objectives", [("sharpe",), ("sharpe", "num_trades")])
    def test_one_that_was_stopped_goes_on_with_the_same_sets(self, bucket, objectives):
        request = make_request("volatility_breakout", ["BTC", "ETH"], costs=make_costs())
        objective = make_objective(objectives, ["num_trades>=3"])
        asked = Sweep(request, {"noise_ratio": None, "btc_ma": "5:50:1"}, objective=objective, optimize=45)
        whole = SweepJob(asked, bucket).run()
        stopped = SweepJob(asked, bucket)
        after_part(stopped, 2, interrupt)
        with pytest.raises(KeyboardInterrupt):
            stopped.run()
        again = SweepJob(asked, bucket, resume=stopped.folder.id, executor=open_executor(threads=2)).run()
        assert table(bucket, again["sweep"]) == table(bucket, whole["sweep"])
        assert repr(again["best"]) == repr(whole["best"])
        assert again["trials"] == 45

    def test_the_json_and_the_manifest(self, cqs, bucket):
        options = ("--optimize", "40", "--objective", "sharpe", "--objective", "mdd", "--require", "num_trades>=3")
        code, found, err = cqs(*GRID, *options, "--json")
        assert (code, err) == (0, "")
        made = cqs("backtest", "searches", found["sweep"], "--json")[1]["manifest"]
        assert (made["method"], made["optimize"], made["random"]) == ("nsga2", 40, None)
        assert made["objectives"] == found["objectives"] == ["sharpe", "mdd"]
        assert "optuna" in made["versions"]
        points = [(row["sharpe"], row["mdd"]) for row in found["pareto"]]
        assert points == sorted(points, reverse=True)
        assert [mdd for _, mdd in points] == sorted(mdd for _, mdd in points)
        assert found["best"] == found["pareto"][0]
        assert all(row["num_trades"] >= 3 for row in found["pareto"])
        assert "Pareto set of" in cqs(*GRID, *options)[1]
        for changed in (("--seed", "1"), ("--objective", "cagr"), ("--optimize", "41")):
            assert cqs(*GRID, *options, *changed, "--resume", found["sweep"])[0] == 2

    def test_rows_that_the_optimizer_does_not_propose_are_refused(self, cqs, bucket):
        found = cqs(*GRID, "--optimize", "20", "--json")[1]
        folder = SweepFolder(bucket, found["sweep"])
        first = folder.part(0, 10)
        folder.write_part(0, first.set_column(1, "noise_ratio", [[0.1] * 10]))
        code, _, err = cqs(*GRID, "--optimize", "20", "--resume", folder.id)
        assert code == 2
        assert "proposes other sets than those" in err

    def test_walk_forward_optimizes_each_window(self, cqs, bucket):
        for k, market in enumerate(("BTC/KRW", "ETH/KRW")):
            store(bucket, market, frame(100 * np.exp(np.random.default_rng(k).normal(0, 0.03, 300).cumsum())))
        walk = (
            "backtest",
            "walk-forward",
            *GRID[2:],
            "--optimize-days",
            "100",
            "--test-days",
            "50",
            "--optimize",
            "20",
        )
        found = cqs(*walk, "--json")[1]
        assert len(found["windows"]) == 4
        assert 20 < found["trials"] <= 80
        again = cqs(*walk, "--json")[1]
        assert again["windows"] == found["windows"]

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--optimize", "5", "--random", "5"), "exclude each other"),
            (("--optimize", "0"), "must be 1 or more"),
            (("--objective", "cagr", "--objective", "cagr"), "given twice"),
            (("--objective", "cagr", "--objective", "mdv"), "did you mean 'mdd'?"),
        ],
    )
    def test_what_makes_no_sense(self, cqs, bucket, options, told):
        code, _, err = cqs(*GRID, *options)
        assert code == 2
        assert told in err
        assert not bucket.list(SweepFolder.root)

    def test_without_the_extra_the_remedy_is_told(self, bucket, monkeypatch):
        monkeypatch.setitem(sys.modules, "optuna", None)
        request = make_request("volatility_breakout", ["BTC"], costs=make_costs())
        with pytest.raises(UsageError, match=r"uv add 'cqs-backtest\[optuna\]'"):
            SweepJob(Sweep(request, {"btc_ma": "5:50:1"}, optimize=9), bucket)
        assert not bucket.list(SweepFolder.root)
