"""What a run is compared with: its symbols in equal weights, or one market that is bought and held."""

import json

import numpy as np
import pytest
from handmade import WAVE, frame, store

from cqs_backtest import BacktestFacade
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.runs import listing, read
from cqs_backtest.runs.reproducing import verify
from cqs_core import UsageError

RISING = frame(np.linspace(100, 250, 300))
DATA = {"BTC": WAVE, "ETH": WAVE * [2, 2, 2, 2, 1], "SOL": RISING}
RUN = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--start", "2024-03-01", "--json")
OF_BENCHMARK = [name for name, metric in CONVENTIONS.items() if metric.series == "benchmark"]


def backtest(symbols=("BTC",), data=DATA, **options):
    return BacktestFacade().run_backtest("volatility_breakout", list(symbols), data, **options)


@pytest.fixture
def lake(bucket):
    store(bucket, "SOL/KRW", RISING)
    return bucket


def stored(bucket, made):
    return read(bucket, made["run"])


def test_a_market_is_bought_at_its_first_open_and_marked_at_each_close():
    made = backtest(start="2024-03-01", benchmark="SOL")["performance"]
    bought, last = RISING.loc["2024-03-01", "open"], RISING["close"].iloc[-1]
    assert made["benchmark_return"] == pytest.approx(100 * (last / bought - 1))


def test_the_basket_of_one_symbol_is_that_symbol_held():
    assert backtest(benchmark="BTC")["performance"] == pytest.approx(backtest()["performance"], nan_ok=True)


def test_the_basket_is_the_default_and_has_a_name():
    assert (
        backtest(["BTC", "ETH"])["performance"]["beta"]
        == backtest(["BTC", "ETH"], benchmark="basket")["performance"]["beta"]
    )


def test_another_benchmark_changes_alpha_and_beta_and_nothing_that_was_done():
    basket, market = backtest(), backtest(benchmark="SOL")
    assert market["performance"]["beta"] != pytest.approx(basket["performance"]["beta"], rel=1e-3)
    assert market["performance"]["sharpe"] == basket["performance"]["sharpe"]
    assert market["trades"].equals(basket["trades"])


def test_what_is_listed_later_waits_as_cash(lake, cqs):
    store(lake, "NEW/KRW", RISING.iloc[100:])
    run = stored(lake, cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--benchmark", "NEW", "--json")[1])
    assert set(run.benchmark[:100]) == {10_000_000}
    assert run.benchmark[-1] == pytest.approx(1e7 * RISING["close"].iloc[-1] / RISING["open"].iloc[100])


def test_over_a_missing_bar_the_last_close_stays(lake, cqs):
    store(lake, "NEW/KRW", RISING.iloc[:50])
    run = stored(lake, cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--benchmark", "NEW", "--json")[1])
    assert len(set(run.benchmark[49:])) == 1
    assert run.benchmark[-1] == pytest.approx(1e7 * RISING["close"].iloc[49] / RISING["open"].iloc[0])


class TestKept:
    def test_the_manifest_says_which_and_has_the_hash_of_its_candles(self, lake, cqs):
        run = stored(lake, cqs(*RUN, "--benchmark", "SOL")[1])
        assert run.manifest["benchmark"] == "SOL/KRW"
        assert set(run.manifest["candles"]) == {"BTC/KRW", "ETH/KRW", "SOL/KRW"}
        assert run.held == "SOL/KRW bought and held"
        start = RISING.loc["2024-03-01", "open"]
        assert run.benchmark == pytest.approx(1e7 * RISING.loc["2024-03-01":, "close"].to_numpy() / start)

    def test_made_again_it_is_identical_also_after_a_later_update(self, lake, cqs):
        made = cqs(*RUN, "--benchmark", "SOL")[1]["run"]
        assert verify(lake, made) == {"run": made, "verdict": "identical", "because": []}
        later = RISING.iloc[-5:].copy()
        later.index = later.index + (RISING.index[-1] - later.index[0]) + (RISING.index[1] - RISING.index[0])
        store(lake, "SOL/KRW", later)
        assert verify(lake, made)["verdict"] == "identical"

    def test_a_changed_candle_of_the_benchmark_is_named_with_the_curve(self, lake, cqs):
        made = cqs(*RUN, "--benchmark", "SOL")[1]["run"]
        store(lake, "SOL/KRW", RISING.iloc[[200]] * [1, 1, 1, 1.001, 1])
        data, curve, *metrics = verify(lake, made)["because"]
        assert data == "data: candles of SOL/KRW changed"
        assert curve.startswith("result: benchmark at 2024-07-19T00:00:00+00:00 is")
        assert {told.split(":")[0] for told in metrics} <= {f"metric {name}" for name in OF_BENCHMARK}

    def test_a_run_from_before_there_was_a_choice_has_the_basket(self, lake, cqs):
        made = cqs(*RUN)[1]["run"]
        path = lake.folder / "runs" / made / "manifest.json"
        old = json.loads(path.read_text())
        assert old.pop("benchmark") == "basket"
        path.write_text(json.dumps(old))
        assert verify(lake, made)["verdict"] == "identical"
        assert read(lake, made).held == "Equal-weighted basket"

    def test_compare_names_it_among_the_settings(self, lake, cqs):
        runs = [cqs(*RUN, *more)[1]["run"] for more in ((), ("--benchmark", "SOL"))]
        found = cqs("backtest", "compare", *runs, "--json")[1]
        assert found["settings"] == [
            {"setting": "benchmark", "values": dict(zip(runs, ("basket", "SOL/KRW"), strict=True))}
        ]

    def test_the_table_says_which(self, lake, cqs):
        assert "Benchmark return (SOL/KRW)" in cqs(*RUN[:-1], "--benchmark", "SOL")[1]

    def test_the_report_says_which(self, lake, cqs, tmp_path):
        pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")
        made = cqs(*RUN, "--benchmark", "SOL")[1]["run"]
        cqs("backtest", "report", made, "--output", str(tmp_path / "report.html"))
        assert "in grey: SOL/KRW bought and held" in (tmp_path / "report.html").read_text()


class TestRefused:
    @pytest.mark.parametrize(
        ("named", "message"),
        [
            ("DOGE", "benchmark DOGE/KRW has no candles from 2024-03-01 to"),
            ("OLD", "benchmark OLD/KRW has no candles from 2024-03-01 to"),
            ("SOL/USDT", "benchmark SOL/USDT is not quoted in KRW"),
            ("", "'' is not a symbol"),
        ],
    )
    def test_without_candles_in_the_dates_one_line_and_exit_code_2(self, lake, cqs, named, message):
        store(lake, "OLD/KRW", RISING.iloc[:30])
        code, out, err = cqs(*RUN, "--benchmark", named)
        assert (code, out) == (2, "")
        assert message in err
        assert len(err.strip().splitlines()) == 1
        assert not listing(lake)

    @pytest.mark.parametrize(
        ("named", "message"),
        [("DOGE", "data has no candles of the benchmark DOGE/KRW"), ("OLD", "benchmark OLD/KRW has no candles from")],
    )
    def test_frames_without_it_are_refused_too(self, named, message):
        with pytest.raises(UsageError, match=message):
            backtest(data={**DATA, "OLD": RISING.iloc[:30]}, start="2024-03-01", benchmark=named)
