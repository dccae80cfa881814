"""The trial ledger, and what is said of luck."""

import re
from dataclasses import replace

import numpy as np
import param
import pytest
from handmade import WAVE, daily, frame, store

from cqs_backtest import BacktestFacade, backtest, keep, runs
from cqs_backtest import compare as side_by_side
from cqs_backtest.loading.strategies import find
from cqs_backtest.luck import Luck, luck_of
from cqs_backtest.metrics.plateau import neighborhood
from cqs_backtest.notices import KeepWarning
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.runs import read
from cqs_backtest.runs.kept_tables import runs as sql_runs
from cqs_backtest.search.evaluator import Evaluator
from cqs_backtest.search.headline import COMPILED
from cqs_backtest.search.overfitting import deflated_sharpe, overfitting
from cqs_backtest.search.space import make_space
from cqs_backtest.search.sweep import Sweep, SweepJob
from cqs_backtest.trials import (
    Ledger,
    Subject,
    canonical,
    merge,
    record,
    subject_of,
    subject_of_run,
    survey,
    threshold,
    trials,
)
from cqs_backtest.trials import count as count_set
from cqs_core import Bucket, Candles, Orders, Strategy
from cqs_core.trading.metrics import DAILY_METRICS, daily_of

RULE = ("volatility_breakout", "--symbols", "BTC,ETH")


def count(cqs):
    rows = cqs("backtest", "trials", "volatility_breakout", "--json")[1]
    return [row["trials"] for row in rows]


class TestLedger:
    def test_a_set_counts_once_whoever_tried_it(self, cqs):
        assert count(cqs) == []
        cqs("backtest", "run", *RULE, "--set", "btc_ma=10", "--json")
        assert count(cqs) == [1]
        cqs("backtest", "run", *RULE, "--set", "btc_ma=10", "--fee", "0.001", "--json")
        assert count(cqs) == [1]
        _, made, _ = cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5,10,15", "--json")
        assert (made["trials"], count(cqs)) == (3, [3])
        _, made, _ = cqs("backtest", "sweep", *RULE, "--param", "btc_ma=15,20", "--json")
        assert (made["trials"], count(cqs)) == (4, [4])
        assert count(cqs) == [4]

    def test_new_candles_do_not_reset_the_count_and_other_dates_or_markets_have_their_own(self, cqs, bucket):
        cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5,10,15", "--json")
        more = frame(np.append(WAVE["close"], [100, 101]))
        for market in ("BTC/KRW", "ETH/KRW"):
            store(bucket, market, more)
        _, made, _ = cqs("backtest", "sweep", *RULE, "--param", "btc_ma=20", "--json")
        assert made["trials"] == 4
        late = ("--start", "2024-10-27", "--param", "btc_ma=6")
        assert cqs("backtest", "sweep", *RULE, *late, "--json")[1]["trials"] == 2  # it overlaps the last sweep alone
        assert cqs("backtest", "sweep", RULE[0], "--symbols", "ETH", "--param", "btc_ma=7", "--json")[1]["trials"] == 1
        assert sorted(count(cqs)) == [1, 5]

    def test_the_order_of_markets_does_not_matter(self, cqs):
        cqs("backtest", "run", RULE[0], "--symbols", "ETH,BTC", "--json")
        assert cqs("backtest", "sweep", *RULE, "--param", "btc_ma=7", "--json")[1]["trials"] == 2

    def test_a_set_is_its_values(self):
        assert canonical({"a": 1, "b": "x"}) == canonical({"b": "x", "a": 1.0})
        assert canonical({"a": True}) != canonical({"a": 1})
        assert canonical({"a": 0.1}) != canonical({"a": 0.1 + 1e-9})

    def test_the_newest_sharpe_of_a_set_counts_and_nan_is_no_return(self, tmp_path):
        bucket, subject = Bucket(tmp_path), Subject("r/ule", "upbit", ("BTC/KRW",), "1d", 0, 10)
        record(bucket, subject, "2024-a", [{"n": 1}, {"n": 2}], [1.0, np.nan])
        record(bucket, subject, "2025-b", [{"n": 1}], [2.0])
        assert sorted(trials(bucket, subject).sharpes) == [0.0, 2.0]
        assert len(trials(bucket, Subject("r/ule", "upbit", ("BTC/KRW",), "1d", 11, 20))) == 0

    def test_a_sharpe_of_another_formula_counts_and_is_compared_with_none(self, tmp_path, monkeypatch):
        bucket, subject = Bucket(tmp_path), Subject("rule", "upbit", ("BTC/KRW",), "1d", 0, 10)
        record(bucket, subject, "2024-a", [{"n": 1}, {"n": 2}], [9.0, 8.0])
        newer = replace(DAILY_METRICS["sharpe"], version=DAILY_METRICS["sharpe"].version + 1)
        monkeypatch.setitem(DAILY_METRICS, "sharpe", newer)
        record(bucket, subject, "2025-b", [{"n": 2}, {"n": 3}, {"n": 4}], [1.0, 0.5, 0.0])
        found = trials(bucket, subject)
        assert len(found) == 4
        assert sorted(found.sharpes[~np.isnan(found.sharpes)]) == [0.0, 0.5, 1.0]
        known = np.array([0.0, 0.5, 1.0])
        assert threshold(known) < threshold(found.sharpes) < threshold(np.array([9.0, *known]))
        assert survey(bucket, "rule")[0]["best_sharpe"] == 1.0
        merge(bucket, subject, "2025-c", ["2024-a", "2025-b"])
        assert len(trials(bucket, subject)) == 4


class TestSingleRuns:
    """Every set whose Sharpe was seen is counted, kept or not."""

    def test_of_the_command_line_and_of_python(self, cqs, bucket):
        cqs("backtest", "run", *RULE, "--set", "btc_ma=10", "--no-keep")
        assert count(cqs) == [1]
        backtest("volatility_breakout", ["BTC", "ETH"], params={"btc_ma": 11}, bucket=bucket)
        assert count(cqs) == [2]
        BacktestFacade(bucket).run_backtest("volatility_breakout", ["BTC", "ETH"], params={"btc_ma": 12}, keep=True)
        assert count(cqs) == [3]
        backtest("volatility_breakout", ["BTC", "ETH"], params={"btc_ma": 12}, bucket=bucket, fee=0.002)
        assert count(cqs) == [3]

    def test_on_data_of_ones_own_it_counts_where_a_bucket_is_given(self, cqs, bucket):
        data = {"BTC": WAVE, "ETH": WAVE}
        backtest("volatility_breakout", ["BTC", "ETH"], data, params={"btc_ma": 10})
        assert count(cqs) == []
        backtest("volatility_breakout", ["BTC", "ETH"], data, params={"btc_ma": 10}, bucket=bucket)
        assert count(cqs) == [1]
        keep(backtest("volatility_breakout", ["BTC", "ETH"], data, params={"btc_ma": 11}), bucket)
        assert count(cqs) == [2]

    def test_stress_counts_other_parameters_and_fewer_symbols_but_not_costs(self, cqs):
        run = cqs("backtest", "run", *RULE, "--json")[1]["run"]
        rows = cqs("backtest", "stress", run, "--shifts", "1", "--json")[1]["rows"]
        steps = sum(row["kind"] == "parameter" for row in rows)
        assert sorted(count(cqs)) == [1, 1, 1 + steps]
        cqs("backtest", "montecarlo", run, "--samples", "5", "--noise-samples", "3")
        cqs("backtest", "permute", run, "--samples", "5")
        assert sorted(count(cqs)) == [1, 1, 1 + steps]

    def test_a_ledger_that_cannot_be_written_is_told_and_the_result_is_there(self, cqs, bucket):
        bucket.write("trials", b"a file where the folder should be")
        code, made, err = cqs("backtest", "run", *RULE, "--no-keep", "--json")
        assert (code, made["run"]) == (0, None)
        assert "this set is not counted as a trial" in err
        with pytest.warns(KeepWarning, match="not counted as a trial"):
            made = backtest("volatility_breakout", ["BTC", "ETH"], bucket=bucket)
        assert made.performance.num_trades > 0

    def test_many_are_merged_and_none_is_lost(self, bucket):
        request = make_request(Crossing, ["A/KRW"], exchange="upbit")
        candles = walk(0, 50)
        subject = subject_of(request, candles)
        for values in make_space(Crossing, {}).sets(0, 500):
            count_set(bucket, replace(request, strategy=find(Crossing, values)), candles, 1.0)
        assert len(bucket.list(subject.folder)) < 250
        assert len(trials(bucket, subject)) == 500

    def test_a_reader_sees_all_of_them_while_they_are_merged(self, tmp_path, monkeypatch):
        bucket, subject = Bucket(tmp_path), Subject("rule", "upbit", ("BTC/KRW",), "1d", 0, 10)
        for n in range(4):
            record(bucket, subject, f"set-{n}", [{"n": n}], [1.0])
        read_many = Bucket.read_many

        def merged_first(self, keys):
            monkeypatch.setattr(Bucket, "read_many", read_many)
            merge(bucket, subject, "2024-merged", [f"set-{n}" for n in range(3)])
            return read_many(self, keys)

        monkeypatch.setattr(Bucket, "read_many", merged_first)
        assert len(trials(bucket, subject)) == 4
        assert len(bucket.list(subject.folder)) == 2

    def test_a_damaged_object_is_named(self, cqs, bucket):
        cqs("backtest", "run", *RULE)
        [key] = [entry.key for entry in bucket.list("trials")]
        bucket.write(key, b"PAR1")
        for command in (("trials", RULE[0]), ("sweep", *RULE, "--param", "btc_ma=5,10")):
            code, _, err = cqs("backtest", *command)
            assert (code, f"{key} is damaged" in err) == (1, True)
        code, rows, _ = cqs("backtest", "list", "--json")
        assert (code, rows[0]["trials"], rows[0]["dsr"]) == (0, None, None)


class TestLuck:
    """The deflated Sharpe ratio beside the Sharpe of a run."""

    def test_it_is_that_of_the_daily_returns(self, cqs, bucket):
        first = cqs("backtest", "run", *RULE, "--json")[1]
        assert first["luck"] == {"dsr": None, "trials": 1}
        swept = cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5:50:5", "--json")[1]
        kept = read(bucket, first["run"])
        luck = luck_of(kept.manifest, Ledger(bucket))
        days = daily_of(kept.ts, kept.equity, kept.capital, kept.day_start)
        sharpes = trials(bucket, subject_of_run(kept.manifest)).sharpes
        assert len(sharpes) == luck.trials == swept["trials"]
        assert luck.dsr == pytest.approx(deflated_sharpe(days, sharpes), rel=1e-9)
        assert luck.sharpe == pytest.approx(first["performance"]["sharpe"])

    def test_the_threshold_is_that_of_ffn(self):
        import ffn

        for number in (2, 3, 46, 1000, 10**6):
            assert threshold(np.resize([0.0, 1.0], number)) == pytest.approx(
                ffn.calc_expected_max_sharpe(number, np.std(np.resize([0.0, 1.0], number), ddof=1)), rel=1e-12
            )
        assert threshold(np.ones(5)) == threshold(np.ones(1)) == 0

    def test_lists_and_commands_show_it(self, cqs):
        cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5:50:5", "--param", "noise_ratio=0.3,0.5")
        code, out, _ = cqs("backtest", "run", *RULE)
        assert code == 0
        assert "Deflated Sharpe ratio" in out
        assert "after 20 sets tried here" in out
        [row] = cqs("backtest", "list", "--json")[1]
        assert row["trials"] == 20
        assert 0 <= row["dsr"] <= 1
        assert f"{row['dsr']:.0%} after 20 sets" in cqs("backtest", "list")[1]
        assert cqs("backtest", "show", row["id"], "--json")[1]["luck"] == {"dsr": row["dsr"], "trials": 20}
        assert "after 20 sets tried here" in cqs("backtest", "show", row["id"])[1]

    def test_results_tables_and_comparisons_show_it(self, cqs, bucket):
        cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5:50:5")
        one, other = (
            backtest("volatility_breakout", ["BTC", "ETH"], params={"btc_ma": n}, bucket=bucket, keep=True)
            for n in (5, 10)
        )
        chance = one.luck.short
        assert re.fullmatch(r"\d+% after 10", chance)
        assert f"deflated {chance}" in repr(one)
        assert one.luck.sentence in one._repr_html_()
        assert f"{chance}</td>" in side_by_side(one, other)._repr_html_()
        assert runs.load(one.id, bucket).luck.dsr == pytest.approx(one.luck.dsr)
        table = runs.table(bucket)
        assert (table.loc[one.id, "dsr"], set(table["trials"])) == (pytest.approx(one.luck.dsr), {10})
        assert chance in cqs("backtest", "compare", one.id, other.id)[1]
        told = cqs("backtest", "compare", one.id, other.id, "--json")[1]["luck"][one.id]
        assert told == {"dsr": pytest.approx(one.luck.dsr), "trials": 10, "short": chance}
        rows = sql_runs(bucket).to_pylist()
        assert {row["run"]: row["dsr"] for row in rows}[one.id] == pytest.approx(one.luck.dsr)
        assert [row["trials"] for row in rows] == [10, 10]

    def test_reports_show_it(self, cqs, bucket, tmp_path):
        pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")
        cqs("backtest", "sweep", *RULE, "--param", "btc_ma=5:50:5")
        run = cqs("backtest", "run", *RULE, "--json")[1]["run"]
        sentence = runs.load(run, bucket).luck.sentence
        assert cqs("backtest", "report", run, "--output", str(tmp_path / "run.html"))[0] == 0
        assert sentence in (tmp_path / "run.html").read_text()

    def test_a_result_on_frames_alone_has_none(self):
        assert backtest("volatility_breakout", ["BTC", "ETH"], {"BTC": WAVE, "ETH": WAVE}).luck is None

    def test_where_nothing_else_was_tried_nothing_is_said(self, cqs):
        out = cqs("backtest", "run", *RULE)[1]
        assert "Deflated" not in out
        assert "deflated" not in cqs("backtest", "list")[1]

    def test_formulas_of_another_version_and_damaged_manifests_are_unknown(self, cqs, bucket):
        run = cqs("backtest", "run", *RULE, "--json")[1]["run"]
        cqs("backtest", "run", *RULE, "--set", "btc_ma=9")
        made = read(bucket, run).manifest
        ledger = Ledger(bucket)
        assert not np.isnan(luck_of(made, ledger).dsr)
        assert np.isnan(luck_of(made | {"metrics": {}}, ledger).dsr)
        assert luck_of(made | {"first": "soon"}, ledger).fault
        assert luck_of({**made, "symbols": None}, ledger).fault
        assert Luck(1.0, 0.99, 5).sentence.count("luck does not explain") == 1


def returns(sharpe, days):
    """Daily returns with this Sharpe, skew -3 and kurtosis 10: only two values can have these moments."""
    rare = round(days * (13 - np.sqrt(117)) / 26)
    x = np.repeat([-1.0, 0.0], [rare, days - rare])
    return (x - x.mean()) / x.std(ddof=1) + sharpe


@pytest.fixture
def textbook(monkeypatch):
    """The Sharpe ratio of the paper and of ffn, whatever that of cqs is."""

    def sharpe(daily):
        return daily.returns.mean() / daily.returns.std(ddof=1) * 365**0.5

    monkeypatch.setattr("cqs_backtest.search.overfitting.sharpe", sharpe)
    monkeypatch.setitem(COMPILED, "sharpe", sharpe)


@pytest.mark.usefixtures("textbook")
class TestKnownValues:
    """Bailey and Lopez de Prado (2014): annual Sharpe 2.5 over 1,250 days, variance of the trials 1/2."""

    @pytest.mark.parametrize(("number", "bar", "chance"), [(100, 0.1132, 0.9004), (46, 0.1004, 0.9505)])
    def test_threshold_and_deflated_sharpe(self, number, bar, chance):
        sharpes = np.linspace(-1, 1, number)
        sharpes *= np.sqrt(0.5) / sharpes.std(ddof=1)
        values = returns(2.5 / np.sqrt(250), 1250)
        assert len(values) == 1250
        assert threshold(sharpes / np.sqrt(250)) == pytest.approx(bar, abs=5e-5)
        assert deflated_sharpe(daily(values), sharpes, 250) == pytest.approx(chance, abs=1e-4)

    def test_it_is_that_of_ffn(self):
        import ffn
        import pandas as pd

        random = np.random.default_rng(3)
        values, sharpes = random.normal(0.001, 0.02, 500), random.normal(0.5, 0.4, 60)
        theirs = ffn.calc_deflated_sharpe_ratio(pd.Series(values), sharpes, nperiods=365)
        assert 0.1 < theirs < 0.95
        assert deflated_sharpe(daily(values), sharpes) == pytest.approx(theirs, rel=1e-12)
        lively = random.normal(0, 0.02, (12, 400))
        theirs = ffn.calc_prob_backtest_overfitting(pd.DataFrame(lively.T), n_blocks=8)
        assert overfitting([daily(row) for row in lively]) == (pytest.approx(theirs), 12)


class Crossing(Strategy):
    """A rule that has no chance on a random walk."""

    id = "crossing"
    fast = param.Integer(5, bounds=(2, 21), step=1)
    slow = param.Integer(30, bounds=(5, 54), step=1)

    def orders(self, candles):
        from cqs_backtest import indicators as ind

        up = ind.sma(candles, self.fast) > ind.sma(candles, self.slow)
        return Orders(enter=up, exit=~up, weight=1.0)


def walk(seed, rows=400):
    close = 100 * np.exp(np.random.default_rng(seed).normal(0, 0.03, (rows, 1)).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    ts = np.arange(rows, dtype=np.int64) * 86_400_000
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    return Candles(ts, ("A/KRW",), open_, high, low, close, np.ones_like(close))


class Lot(Strategy):
    """A rule that draws lots for every five days: its sets have nothing in common."""

    id = "lot"
    number = param.Integer(0, bounds=(0, 999), step=1)

    def orders(self, candles):
        lots = np.random.default_rng(self.number).random((len(candles.ts) // 5 + 1, 1)) < 0.5
        up = lots.repeat(5, axis=0)[: len(candles.ts)]
        return Orders(enter=up, exit=~up, weight=1.0)


@pytest.mark.once
def test_on_random_walks_the_ledger_says_no(tmp_path):
    """1,000 sets each of a rule whose sets resemble each other, in at least 19 of 20 seeds."""
    request = make_request(Crossing, ["A/KRW"], exchange="upbit", costs=make_costs(fee=0, slippage_bps=0))
    sets = make_space(Crossing, {}).sets(0, 1000)
    chances = []
    for seed in range(20):
        evaluator = Evaluator(request, walk(seed))
        found = np.nan_to_num(evaluator.rows(sets).metrics["sharpe"])
        bucket, subject = Bucket(tmp_path / str(seed)), subject_of(request, evaluator.traded)
        record(bucket, subject, "sweep", sets, found)
        counted = trials(bucket, subject)
        assert len(counted) == len(sets) == 1000
        chances.append(deflated_sharpe(evaluator.daily(sets[int(found.argmax())]), counted.sharpes))
    assert sum(chance < 0.95 for chance in chances) >= 19


@pytest.mark.once
def test_on_random_walks_the_best_of_one_half_says_nothing_of_the_other():
    """PBO is near one half: its mean is, and 19 of 20 seeds are nowhere near the 0.05 of a rule that works."""
    request = make_request(Lot, ["A/KRW"], exchange="upbit", costs=make_costs(fee=0, slippage_bps=0))
    fits = []
    for seed in range(20):
        evaluator, some = Evaluator(request, walk(seed)), make_space(Lot, {}, count=40, seed=seed)
        fits.append(overfitting([evaluator.daily(values) for values in some.sets(0, 40)])[0])
    assert 0.4 < np.mean(fits) < 0.6
    assert sum(0.2 <= fit <= 0.8 for fit in fits) >= 19


def test_sets_that_rest_are_left_out_of_overfitting():
    random = np.random.default_rng(1)
    lively = [random.normal(0, 0.01, 400) for _ in range(10)]
    resting = np.where(np.arange(400) < 60, random.normal(0, 0.01, 400), 0)
    chance, used = overfitting([daily(values) for values in (*lively, resting, np.zeros(400))])
    assert used == 10
    assert 0 <= chance <= 1
    assert np.isnan(overfitting([daily(lively[0])])[0])


class TestPlateau:
    def test_a_broad_hill_beats_a_lonely_peak(self):
        scores = np.zeros((9, 9))
        scores[1, 1] = 5
        scores[5:8, 5:8] = 2
        means = neighborhood(scores, (True, True))
        assert np.unravel_index(np.argmax(means), means.shape) == (6, 6)
        assert means[6, 6] == 2
        assert means[1, 1] == pytest.approx(5 / 9)

    def test_choices_have_no_neighbors_and_edges_have_fewer(self):
        scores = np.array([[1.0, 2.0], [3.0, 4.0]])
        assert neighborhood(scores, (True, False)).tolist() == [[2, 3], [2, 3]]

    def test_what_cannot_be_chosen_does_not_count(self):
        scores = np.array([1.0, np.nan, 3.0, np.nan, np.nan, 9.0])
        found = neighborhood(scores, (True,))
        assert found[0] == 1
        assert np.isnan(found[[1, 3, 4]]).all()
        assert np.isnan(found[2])  # one of three

    def test_of_a_sweep(self, bucket):
        request = make_request("volatility_breakout", ["BTC"], costs=make_costs())
        space = {"noise_ratio": "0.1:0.9:0.1", "exit_at": "signal,next_open"}
        result = SweepJob(Sweep(request, space), bucket).run()
        assert result["plateau"]["mean"] <= result["best"]["sharpe"]
        assert SweepJob(Sweep(request, space, count=4), bucket).run()["plateau"] is None
