"""Walk-forward, Monte Carlo, the permutation test and stress: what they say, and that it is what single runs give."""

import re

import numpy as np
import pandas as pd
import pytest
from handmade import frame, store

from cqs_backtest.loading.strategies import find
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.cut import until
from cqs_backtest.search.histogram import histogram
from cqs_backtest.search.kept import find as find_search
from cqs_backtest.search.kept import walks_like
from cqs_backtest.search.montecarlo import block_bootstrap, noisy_candles
from cqs_backtest.search.permutation import permutation_test, random_places
from cqs_backtest.search.plan import Plan
from cqs_backtest.search.sweep import Sweep, load_candles
from cqs_backtest.search.validations import validations
from cqs_backtest.search.walk_forward import walk_forward
from cqs_backtest.search.walk_store import WalkFolder
from cqs_backtest.strategies import VolatilityBreakout
from cqs_core import Candles, Costs, Orders, RunResult, UsageError, plugins, simulate
from cqs_core.testing.candles import random_candles
from cqs_core.time.clock import iso, parse_start
from cqs_core.time.intervals import DAY

SYMBOLS = ("BTC", "ETH")


@pytest.fixture
def walked(bucket):
    """A bucket with 300 days of random walks."""
    for k, market in enumerate(("BTC/KRW", "ETH/KRW")):
        store(bucket, market, frame(100 * np.exp(np.random.default_rng(k).normal(0.001, 0.03, 300).cumsum())))
    return bucket


@pytest.fixture
def kept(cqs, walked):
    """The id of a kept run on it."""
    return cqs("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--json")[1]["run"]


class TestPlan:
    def test_rolling_windows_do_not_overlap_in_their_tests(self):
        windows = Plan(100, 50, embargo=5).windows(0, 300 * DAY)
        assert [(w.optimize_start // DAY, w.optimize_stop // DAY, w.test_start // DAY) for w in windows] == [
            (0, 100, 105),
            (50, 150, 155),
            (100, 200, 205),
        ]
        assert all(w.test_stop - w.test_start == 50 * DAY for w in windows)

    def test_anchored_windows_begin_with_the_first_bar(self):
        windows = Plan(100, 50, step=60, anchored=True).windows(0, 300 * DAY)
        assert [(w.optimize_start // DAY, w.optimize_stop // DAY) for w in windows] == [(0, 100), (0, 160), (0, 220)]

    @pytest.mark.parametrize("days", [(0, 10), (10, 0), (10, 10, 5), (10, 10, 10, -1)])
    def test_what_makes_no_sense(self, days):
        with pytest.raises(UsageError):
            Plan(*days)


class TestWalkForward:
    def sweep(self, **options):
        request = make_request("volatility_breakout", SYMBOLS, costs=make_costs(), **options)
        return Sweep(request, {"noise_ratio": "0.1:0.9:0.2", "btc_ma": "5:20:5"})

    def test_it_is_made_of_single_runs(self, walked):
        sweep = self.sweep()
        found = walk_forward(sweep, Plan(90, 40, embargo=3), walked)
        assert len(found["windows"]) == 5
        candles, capital, equity = load_candles(sweep.request, sweep.space(), walked), Costs().capital, []
        for row in found["windows"]:
            strategy = find("volatility_breakout", row["parameters"])
            start, stop = parse_start(row["test_start"]), parse_start(row["test_stop"])
            single = simulate(strategy, until(candles, stop), sweep.request.engine, sweep.request.costs, start=start)
            equity += (capital * single.execution.equity / Costs().capital).tolist()
            capital = equity[-1]
            assert row["test"]["sharpe"] == pytest.approx(single.performance["sharpe"], nan_ok=True)
        assert [value for _, value in found["equity"]] == pytest.approx(equity, rel=1e-12)
        assert found["performance"]["total_return"] == pytest.approx(100 * (equity[-1] / Costs().capital - 1))
        assert found["trials"] == 20

    def test_the_choice_is_the_best_set_of_the_optimize_days_alone(self, walked):
        sweep = self.sweep()
        first = walk_forward(sweep, Plan(90, 40), walked)["windows"][0]
        candles = load_candles(sweep.request, sweep.space(), walked)
        seen = until(candles, parse_start(first["optimize_stop"]))
        scores = [
            simulate(find("volatility_breakout", values), seen, sweep.request.engine, sweep.request.costs)
            for values in sweep.space().sets(0, 20)
        ]
        best = int(np.nanargmax([run.performance["sharpe"] for run in scores]))
        assert first["parameters"] == sweep.space().at(best)

    def test_nothing_after_the_choice_changes_it(self, walked):
        before = walk_forward(self.sweep(), Plan(90, 40), walked)["windows"]
        walk = 100 * np.exp(np.random.default_rng(9).normal(0, 0.05, 300).cumsum())
        for k, market in enumerate(("BTC/KRW", "ETH/KRW")):
            old = 100 * np.exp(np.random.default_rng(k).normal(0.001, 0.03, 300).cumsum())
            store(walked, market, frame(np.append(old[:90], old[89] * walk[90:] / walk[90])))
        after = walk_forward(self.sweep(), Plan(90, 40), walked)["windows"]
        assert before[0]["parameters"] == after[0]["parameters"]
        assert before[0]["optimize"] == pytest.approx(after[0]["optimize"])
        assert before[0]["test"] != after[0]["test"]

    def test_features_end_where_the_candles_do(self, walked):
        seen = set()

        class Looking(VolatilityBreakout):
            def orders(self, candles):
                last = int(candles.ts[-1])
                seen.add((last // DAY, int(candles.features["regime"].known_at[-1]) // DAY))
                return super().orders(candles)

        regime = pd.Series(np.where(np.arange(300) // 25 % 2, "bull", "bear"), frame(np.ones(300)).index)
        request = make_request(Looking, SYMBOLS, features={"regime": regime}, only_in="regime=bull")
        found = walk_forward(Sweep(request, {"btc_ma": "5,10"}), Plan(90, 40), walked)
        stops = {parse_start(row[name]) // DAY for row in found["windows"] for name in ("optimize_stop", "test_stop")}
        assert seen == {(stop - 1, stop - 1) for stop in stops}

    def test_on_the_command_line(self, cqs, walked):
        args = ("backtest", "walk-forward", "volatility_breakout", "--symbols", "BTC,ETH", "--param", "btc_ma=5,10")
        code, found, err = cqs(*args, "--optimize-days", "100", "--test-days", "50", "--json")
        assert (code, err) == (0, "")
        assert len(found["windows"]) == 4
        assert set(found["drift"]) == {"btc_ma"}
        code, out, _ = cqs(*args, "--optimize-days", "100", "--test-days", "50", "--require", "num_trades>=9999")
        assert code == 0
        assert "no set met the requirements; cash" in out
        code, _, err = cqs(*args, "--optimize-days", "1000", "--test-days", "50")
        assert code == 2
        assert "there are 300 days, and one window needs 1050" in err

    def test_a_large_one_asks_first_and_writes_nothing(self, cqs, walked):
        args = ("backtest", "walk-forward", "volatility_breakout", "--symbols", "BTC,ETH", *TestStored.DAYS)
        code, out, err = cqs(*args)
        assert (code, out) == (2, "")
        assert re.search(r"the walk-forward has 112,720,608 sets and takes about .*add --yes", err)
        assert not walked.folders("walk-forwards")


class TestStored:
    """A walk-forward is a folder: it is listed and shown, and goes on where it was stopped."""

    WALK = ("backtest", "walk-forward", "volatility_breakout", "--symbols", "BTC,ETH", "--param", "btc_ma=5,10")
    DAYS = ("--optimize-days", "100", "--test-days", "50")

    def test_it_is_listed_and_shown_as_it_was_printed(self, cqs, walked):
        _, printed, _ = cqs(*self.WALK, *self.DAYS)
        (row,) = cqs("backtest", "searches", "--json")[1]
        assert (row["kind"], row["done"], row["windows"], row["sets"]) == ("walk-forward", True, 4, 2)
        assert cqs("backtest", "searches", row["id"][:15])[1] == printed_with_title(printed, row["id"])
        shown = cqs("backtest", "searches", row["id"], "--json")[1]
        assert shown["manifest"]["plan"] == {
            "optimize": 100, "test": 50, "step": None, "embargo": 0, "anchored": False
        }  # fmt: skip
        assert row["id"] in cqs("backtest", "searches")[1]

    def test_what_is_stored_is_what_was_returned(self, cqs, walked):
        found = cqs(*self.WALK, *self.DAYS, "--json")[1]
        kept = find_search(walked, found["walk_forward"])
        assert kept.result == {name: value for name, value in found.items() if name != "equity"}
        assert kept.folder.windows() == found["windows"]
        ts, equity = kept.folder.equity()
        assert [[iso(at), value] for at, value in zip(ts.tolist(), equity.tolist(), strict=True)] == found["equity"]
        assert [one.folder.id for one in walks_like(walked, kept.manifest)] == [found["walk_forward"]]
        assert walks_like(walked, kept.manifest | {"interval": "1h"}) == []

    def test_one_that_was_stopped_goes_on_where_it_was(self, cqs, walked, monkeypatch):
        whole = cqs(*self.WALK, *self.DAYS, "--json")[1]
        write, written = WalkFolder.write_try, []

        def killed(folder, number, made):
            if number == 2:
                raise KeyboardInterrupt
            written.append(number)
            write(folder, number, made)

        monkeypatch.setattr(WalkFolder, "write_try", killed)
        code, _, err = cqs(*self.WALK, *self.DAYS, "--json")
        assert code != 0
        stopped = err.split("--resume ")[1].split()[0]
        rows = {row["id"]: row["done"] for row in cqs("backtest", "searches", "--json")[1]}
        assert rows == {stopped: False, whole["walk_forward"]: True}
        assert "go on with --resume" in cqs("backtest", "searches", stopped)[1]
        monkeypatch.setattr(WalkFolder, "write_try", lambda *given: (written.append(given[1]), write(*given)))
        again = cqs(*self.WALK, *self.DAYS, "--resume", stopped, "--json")[1]
        assert written == [0, 1, 2, 3]
        assert again == whole | {"walk_forward": stopped}

    def test_it_does_not_go_on_under_other_conditions(self, cqs, walked):
        made = cqs(*self.WALK, *self.DAYS, "--json")[1]["walk_forward"]
        for changed, told in (
            ((*self.WALK, "--optimize-days", "90", "--test-days", "50"), "windows"),
            ((*self.WALK[:-1], "btc_ma=5,11", *self.DAYS), "ranges"),
            ((*self.WALK, *self.DAYS, "--objective", "cagr"), "objective"),
            ((*self.WALK, *self.DAYS, "--fee", "0.01"), "costs"),
        ):
            code, _, err = cqs(*changed, "--resume", made)
            assert (code, f"was made with other {told}" in err) == (2, True), err
        store(walked, "ETH/KRW", frame(np.linspace(100, 200, 300)))
        assert "was made with other candles" in cqs(*self.WALK, *self.DAYS, "--resume", made)[2]

    def test_a_damaged_search_does_not_hide_others_and_a_damaged_window_is_made_again(self, cqs, walked):
        made = cqs(*self.WALK, *self.DAYS, "--json")[1]
        folder = WalkFolder(walked, made["walk_forward"])
        walked.write("sweeps/20200101T000000-x-000000/manifest.json", b"[1]")
        walked.write(folder.key("windows/0001.parquet"), b"PAR1 but no more")
        code, rows, err = cqs("backtest", "searches", "--json")
        assert (code, [row["id"] for row in rows]) == (0, [folder.id])
        assert "sweeps/20200101T000000-x-000000/manifest.json is damaged" in err
        assert len(folder.windows()) == 3
        assert cqs(*self.WALK, *self.DAYS, "--resume", folder.id, "--json")[1] == made
        assert cqs("backtest", "searches", "no-such")[0] == 2

    def test_tests_of_a_run_are_kept_with_it(self, cqs, kept, walked):
        assert validations(walked, kept) == {}
        few = ("--samples", "20", "--seed", "3")
        drawn = cqs("backtest", "montecarlo", kept, *few, "--noise-samples", "0", "--json")[1]
        permuted = cqs("backtest", "permute", kept, *few, "--json")[1]
        cqs("backtest", "permute", kept, "--samples", "30", "--no-keep")
        found = validations(walked, kept)
        assert found["permute"].items() >= permuted.items()
        assert found["permute"]["options"] == {"samples": 20, "seed": 3}
        assert found["montecarlo"].items() >= drawn.items()
        walked.write(f"runs/{kept}/validation/permute.json", b"{")
        assert validations(walked, kept).keys() == {"montecarlo"}
        assert cqs("backtest", "verify", kept)[0] == 0


def printed_with_title(printed, search):
    return f"{search}  volatility_breakout on BTC/KRW,ETH/KRW (upbit, 1d)\n{printed}"


class TestMonteCarlo:
    def test_it_is_repeatable_and_its_bands_are_in_order(self, cqs, kept):
        args = ("backtest", "montecarlo", kept, "--samples", "60", "--noise-samples", "3", "--json")
        code, found, err = cqs(*args)
        assert (code, err) == (0, "")
        assert cqs(*args)[1] == found
        assert cqs(*args, "--seed", "1")[1]["bootstrap"] != found["bootstrap"]
        for name in ("shuffle", "resample", "bootstrap", "noise"):
            bands = np.array(list(found[name]["bands"].values()))
            assert (np.diff(bands, axis=0) >= 0).all()
            assert 0 <= found[name]["ruin"] <= 1
        shuffled = np.array(list(found["shuffle"]["bands"].values()))
        assert shuffled[:, -1] == pytest.approx(shuffled[0, -1])  # another order of the same trades ends where it ended

    @pytest.mark.parametrize("option", [("--samples", "0"), ("--block", "0"), ("--noise", "2"), ("--ruin", "1")])
    def test_what_makes_no_sense(self, cqs, kept, option):
        code, _, err = cqs("backtest", "montecarlo", kept, *option)
        assert code == 2
        assert option[0] in err

    def test_blocks_are_runs_of_neighboring_days(self):
        drawn = block_bootstrap(1000, np.random.default_rng(0), 200, 20)
        follows = (np.diff(drawn, axis=1) % 1000) == 1
        assert follows.mean() == pytest.approx(1 - 1 / 20, abs=0.005)
        assert drawn.mean() == pytest.approx(499.5, rel=0.05)

    def test_noise_keeps_candles_possible_and_references_together(self):
        whole = random_candles(("BTC/KRW", "ETH/KRW"), rows=200, missing=0.1)
        column = [
            np.ascontiguousarray(getattr(whole, name)[:, :1]) for name in ("open", "high", "low", "close", "volume")
        ]
        own = ~np.isnan(column[0][:, 0])
        bitcoin = Candles(whole.ts[own], ("BTC/KRW",), *(values[own] for values in column), rows=whole.ts)
        candles = whole.with_values(references={"BTC/KRW": bitcoin})
        noisy = noisy_candles(candles, np.random.default_rng(0), 0.5).validate()
        here = noisy.present
        assert (here == whole.present).all()
        assert (noisy.high[here] >= np.maximum(noisy.open, noisy.close)[here]).all()
        assert (noisy.low[here] <= np.minimum(noisy.open, noisy.close)[here]).all()
        assert (noisy.low[here] > 0).all()
        assert not np.array_equal(noisy.close[here], whole.close[here])
        np.testing.assert_array_equal(noisy.reference("BTC/KRW").close[:, 0], noisy.close[own, 0])


def test_values_that_differ_by_rounding_alone_are_one_bar():
    found = histogram(np.array([0.1 + 0.2, 0.3, 0.3, np.nan]))
    assert sum(found["counts"]) == max(found["counts"]) == 3
    assert len(found["edges"]) == len(found["counts"]) + 1
    assert histogram(np.array([np.nan, np.inf])) is None
    assert sum(histogram(np.array([1e300, -1e300]))["counts"]) == 2


class TestPermutation:
    def result(self, seed, *, knows):
        """Entries on days that rise, or on any."""
        candles = random_candles(("A/KRW",), rows=400, seed=seed)
        rises = np.append(candles.close[1:, 0] > candles.open[1:, 0], False)
        random = np.random.default_rng(seed).random(400) < 0.3
        enter = (np.roll(rises, 1) if knows else random)[:, None]
        orders = Orders(enter=enter, exit=~enter, weight=1.0).validate(candles.shape)
        costs = Costs(fee=0, slip=0)
        return RunResult(candles, orders, plugins().engine("fast").execute(candles, orders, costs), costs, "fast")

    def test_entries_that_know_are_seen_and_random_ones_are_not(self):
        assert permutation_test(self.result(1, knows=True), samples=200)["p_value"] < 0.02
        chances = [permutation_test(self.result(seed, knows=False), samples=100)["p_value"] for seed in range(12)]
        assert 0.25 < np.mean(chances) < 0.75
        assert permutation_test(self.result(1, knows=True), samples=50) == permutation_test(
            self.result(1, knows=True), samples=50
        )

    def test_random_places_keep_lengths_and_share_no_bar(self):
        lengths = np.array([3, 0, 5, 1, 1])
        starts, held = random_places(lengths, 20, np.random.default_rng(0), 300)
        assert (np.sort(held, axis=1) == np.sort(lengths)).all()
        stops = starts + np.maximum(held, 1)
        assert (starts[:, 1:] >= stops[:, :-1]).all()
        assert stops.max() <= 20
        assert starts[:, 0].min() == 0

    def test_on_the_command_line(self, cqs, kept):
        code, found, _ = cqs("backtest", "permute", kept, "--samples", "100", "--json")
        assert code == 0
        assert 0 < found["p_value"] <= 1
        assert cqs("backtest", "permute", kept, "--samples", "100", "--json")[1] == found


class TestStress:
    def test_each_case_is_a_single_run(self, cqs, kept, walked):
        code, found, err = cqs("backtest", "stress", kept, "--shifts", "2", "--json")
        assert (code, err) == (0, "")
        rows = {row["case"]: row for row in found["rows"]}
        assert not [row for row in rows.values() if row["error"]]
        assert {
            "fee x 5",
            "slippage x 10",
            "start 2 bars later",
            "without ETH/KRW",
            "btc_ma=21",
            "noise_ratio=0.45",
        } <= set(rows)
        run = ("backtest", "run", "volatility_breakout", "--no-keep", "--json", "--symbols")
        for case, args in (
            ("fee x 5", ("BTC,ETH", "--fee", "0.0025")),
            ("start 2 bars later", ("BTC,ETH", "--start", "2024-01-03")),
            ("without ETH/KRW", ("BTC",)),
            ("btc_ma=21", ("BTC,ETH", "--set", "btc_ma=21")),
        ):
            single = cqs(*run, *args)[1]["performance"]
            assert rows[case]["sharpe"] == pytest.approx(single["sharpe"]), case
            assert rows[case]["total_return"] == pytest.approx(single["total_return"]), case
        worst = min(rows.values(), key=lambda row: row["sharpe"])
        assert worst["case"] in found["weakest"]

    def test_other_candles_than_then_are_refused(self, cqs, kept, walked):
        store(walked, "ETH/KRW", frame(np.linspace(100, 200, 300)))
        code, _, err = cqs("backtest", "stress", kept)
        assert code == 2
        assert "candles of ETH/KRW are not those of run" in err
