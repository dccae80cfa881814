"""What a backtest gives, as a notebook uses it."""

import json
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from handmade import WAVE, daily

import cqs_backtest
from cqs_backtest import BacktestFacade, KeepWarning, LookaheadWarning, Orders, Strategy, backtest, compare, keep, runs
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.result import Performance
from cqs_core import DataError, DataWarning, UsageError
from cqs_core.trading.metrics import sharpe

DATA = {"BTC": WAVE, "ETH": WAVE * [2, 2, 2, 2, 1]}


class Peeks(Strategy):
    def orders(self, candles):
        up = candles.close > candles.open
        return Orders(enter=up, exit=~up)


@pytest.fixture(scope="module")
def result():
    return backtest("momentum", ["BTC", "ETH"], DATA, name="first try")


class TestFaces:
    def test_the_cells_import_what_they_need(self):
        wanted = {"backtest", "Strategy", "Orders", "runs", "compare", "indicators", "BacktestFacade", "Result"}
        assert wanted <= set(cqs_backtest.__all__)
        assert all(hasattr(cqs_backtest, name) for name in cqs_backtest.__all__)

    def test_metrics_are_attributes_and_items_with_both_names_of_the_drawdown(self, result):
        assert result.performance.max_drawdown == result.performance.mdd == result["performance"]["mdd"] < 0
        assert result.performance["max_drawdown"] == result.performance.get("max_drawdown") == result.performance.mdd
        assert "max_drawdown" in result.performance
        assert dict(result["performance"]).keys() == CONVENTIONS.keys()
        with pytest.raises(AttributeError, match="no metric 'sharp'"):
            _ = result.performance.sharp
        json.dumps(result["performance"])

    def test_every_metric_is_declared(self):
        assert Performance.__annotations__.keys() - {"max_drawdown"} == CONVENTIONS.keys()

    def test_it_is_read_only(self, result):
        with pytest.raises(AttributeError):
            result.id = "x"
        with pytest.raises(TypeError, match="read-only"):
            result.performance["cagr"] = 1.0
        result.badges["lookahead"] = "changed"
        assert result.badges["lookahead"] == "ok"

    def test_the_facade_gives_the_same_object(self, result):
        again = BacktestFacade().run_backtest("momentum", ["BTC", "ETH"], DATA)
        assert type(again) is type(result)
        assert list(again) == ["performance", "equity", "trades", "badges", "run", "result"]
        pd.testing.assert_series_equal(again["equity"], result.equity)
        assert again["result"].execution.equity[-1] == result.performance.final_equity
        with pytest.raises(KeyError, match="a result has performance"):
            _ = again["sharpe"]

    def test_metrics_say_their_units_and_the_365_days(self, result):
        assert list(result.metrics.columns) == ["label", "value", "unit", "definition"]
        assert result.metrics.loc["sharpe", "value"] == result.performance.sharpe
        assert "365" in result.metrics.loc["sharpe", "definition"]

    def test_returns_have_days_as_index_and_give_the_sharpe_with_365(self, result):
        assert result.returns.index[0] == WAVE.index[0]
        assert str(result.returns.index.tz) == "UTC"
        assert result.returns.attrs["periods_per_year"] == 365
        assert sharpe(daily(result.returns)) == pytest.approx(result.performance.sharpe)
        assert (1 + result.returns).prod() == pytest.approx(result.equity.iloc[-1] / result.capital)

    def test_the_drawdown_is_the_fall_below_the_highest_equity(self, result):
        assert 100 * result.drawdown.min() == pytest.approx(result.performance.mdd)

    def test_one_symbol_may_be_text(self):
        assert backtest("momentum", "BTC", DATA).symbols == ("BTC/KRW",)

    def test_it_is_pickled_and_made_in_threads(self, result):
        again = pickle.loads(pickle.dumps(result))
        assert again.performance == pytest.approx(result.performance, nan_ok=True)
        assert again._repr_html_() == result._repr_html_()
        with ThreadPoolExecutor(3) as pool:
            made = list(pool.map(lambda _: backtest("momentum", ["BTC", "ETH"], DATA), range(3)))
        assert len({one.performance.final_equity for one in made}) == 1


class TestNotebook:
    def test_the_repr_is_short(self, result):
        assert len(repr(result)) < 250
        assert "first try" in repr(result)
        assert "Max drawdown" in repr(result)

    def test_the_card_has_metrics_badges_and_curves(self, result):
        html = result._repr_html_()
        for text in ("first try", "CAGR", "Max drawdown", "Look-ahead: none found", "<svg", "365 days"):
            assert text in html
        assert len(html) < 60_000

    def test_names_are_escaped(self):
        shown = backtest("momentum", "BTC", DATA, name="<script>alert(1)</script>")
        assert "<script" not in shown._repr_html_()
        assert "<script" not in compare(shown, shown)._repr_html_()

    def test_a_peek_warns_and_comes_first_in_the_card(self):
        with pytest.warns(LookaheadWarning, match="Peeks uses what it cannot know yet") as caught:
            result = backtest(Peeks, "BTC", DATA)
        assert caught[0].filename == __file__
        html = result._repr_html_()
        assert html.index("cannot know yet") < html.index("CAGR")
        assert result.notes[0].startswith("Look-ahead")
        with pytest.warns(LookaheadWarning) as caught:
            BacktestFacade().run_backtest(Peeks, "BTC", DATA)

    def test_a_short_run_shows_too(self):
        assert "<svg" in backtest("buy_and_hold", "BTC", {"BTC": WAVE.iloc[:1]})._repr_html_()

    def test_a_long_curve_is_thinned_and_keeps_its_deepest_point(self):
        from cqs_backtest.result.card import thinned

        values = np.ones(100_000)
        values[54_321] = 0.1
        assert len(thinned(values)) == 1400
        assert thinned(values).min() == 0.1

    def test_the_tear_sheet_is_in_a_frame_of_its_own_and_saved(self, result, tmp_path):
        pytest.importorskip("cqs_panel")
        page = result.tear_sheet()
        assert page._repr_html_().startswith("<iframe srcdoc=")
        assert "<style" not in page._repr_html_()
        assert page.save(tmp_path / "run.html").read_text().startswith("<!doctype html>")
        assert len(repr(page)) < 100
        with pytest.raises(UsageError, match="cannot be written"):
            page.save(tmp_path / "none" / "run.html")


class TestCharts:
    def test_they_are_those_of_the_package(self, result):
        pytest.importorskip("cqs_panel")
        import holoviews as hv

        drawn = [result.plot(), result.plot(benchmark=False), result.plot_rolling(), result.plot_months()]
        drawn += [result.plot_years(), compare(result, result).plot()]
        assert all(hv.render(one, backend="bokeh") for one in drawn)


class TestCandles:
    def test_the_title_says_what_is_shown(self, result):
        pytest.importorskip("cqs_panel")
        drawn = result.plot_candles("ETH", bars=100)
        title = drawn.opts.get("plot").kwargs["title"]
        assert title.startswith("ETH/KRW 1d, 2024-07-19T00:00 to 2024-10-26T00:00: 100 bars, ")
        entered = result.trades[result.trades["symbol"] == "ETH/KRW"]["entry_time"]
        assert f" {(entered >= '2024-07-19').sum()} entries" in title

    def test_dates_and_symbols_are_checked(self, result):
        pytest.importorskip("cqs_panel")
        assert "300 bars" in result.plot_candles().opts.get("plot").kwargs["title"]
        with pytest.raises(UsageError, match="has no candle in these dates"):
            result.plot_candles("BTC", start="2031-01-01")
        with pytest.raises(UsageError, match=r"unknown symbol of the run 'XRP/KRW'"):
            result.plot_candles("XRP")


class TestKept:
    def test_a_kept_run_is_the_same_object(self, bucket):
        made = backtest("momentum", ["BTC", "ETH"], keep=True, name="first try", bucket=bucket)
        again = runs.load(made.id[:22], bucket)
        assert again.id == made.id == made["run"]
        assert again.performance == pytest.approx(made.performance, nan_ok=True)
        pd.testing.assert_series_equal(again.equity, made.equity)
        pd.testing.assert_series_equal(again.returns, made.returns)
        pd.testing.assert_frame_equal(again.trades, made.trades)
        assert again.name == "first try"
        assert again.badges == made.badges

    def test_a_kept_run_shows_its_candles_from_the_bucket(self, bucket):
        pytest.importorskip("cqs_panel")
        again = runs.load(backtest("momentum", "BTC", keep=True, bucket=bucket.url).id, bucket.url)
        assert "BTC/KRW 1d" in again.plot_candles().opts.get("plot").kwargs["title"]

    def test_runs_of_one_second_are_listed_in_their_order(self, bucket):
        made = [backtest(name, "BTC", keep=True, bucket=bucket).id for name in ("momentum", "buy_and_hold", "momentum")]
        assert list(runs.table(bucket).index) == made[::-1]
        assert runs.table(bucket)["sharpe"].notna().all()

    def test_no_run_is_an_empty_table(self, bucket):
        assert runs.table(bucket).empty

    def test_a_bucket_that_cannot_be_written_costs_no_result(self, tmp_path):
        with pytest.warns(KeepWarning, match="was not kept") as caught:
            result = backtest("momentum", "BTC", DATA, keep=True, bucket=str(tmp_path / "no" / "bucket"))
        assert result.id is None
        assert result.performance.num_trades > 0
        assert caught[0].filename == __file__
        (tmp_path / "later").mkdir()
        assert keep(result, str(tmp_path / "later")).id in runs.table(str(tmp_path / "later")).index

    def test_a_kept_run_is_verified(self, bucket):
        made = backtest("momentum", "BTC", keep=True, bucket=bucket)
        assert runs.verify(made.id, bucket=bucket) == (True, ())

    def test_what_is_kept_is_not_kept_twice(self, bucket):
        made = backtest("momentum", "BTC", keep=True, bucket=bucket)
        assert keep(made, bucket) is made


class TestCompare:
    def test_fresh_and_kept_runs_side_by_side(self, bucket):
        first = backtest("momentum", "BTC", keep=True, bucket=bucket, name="slow")
        other = backtest("momentum", "BTC", DATA, fee=0.01, name="dear")
        both = compare(other, first.id, bucket=bucket)
        assert list(both.metrics.columns) == ["dear", "slow"]
        assert both.metrics.loc["fees_paid", "dear"] > both.metrics.loc["fees_paid", "slow"]
        assert both.settings.loc["fee"].to_dict() == {"dear": 0.01, "slow": 0.0005}
        assert list(both.equity.columns) == ["dear", "slow"]
        html = both._repr_html_()
        assert html.count("<polyline") == 4
        assert "dear" in html

    def test_equal_names_are_numbered_and_one_alone_is_refused(self, result):
        assert list(compare([result, result]).results) == ["first try", "first try (2)"]
        assert compare(result, result).trades.empty
        with pytest.raises(UsageError, match="two results or more"):
            compare(result)
        with pytest.raises(UsageError, match="5 is not a result; give results, or ids of kept runs"):
            compare(result, 5)
        with pytest.raises(UsageError, match="5 is not the id of a run; write it as text"):
            runs.load(5)
        with pytest.raises(UsageError, match="5 is not a symbol; write 'BTC' or"):
            backtest("momentum", 5)


class TestData:
    def test_frames_of_polars_and_arrow_and_one_long_table(self, result):
        pl = pytest.importorskip("polars")
        import pyarrow as pa

        tables = {name: pl.from_pandas(frame.rename_axis("ts").reset_index()) for name, frame in DATA.items()}
        long = pl.concat([table.with_columns(pl.lit(name).alias("symbol")) for name, table in tables.items()])
        arrow = {name: table.to_arrow() for name, table in tables.items()}
        lazy = {name: table.lazy() for name, table in tables.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DataWarning)  # the candles end before the run
            for data in (tables, long, arrow, lazy, pa.table(long)):
                found = backtest("momentum", ["BTC", "ETH"], data, end="2025-01-01")
                assert found.performance.final_equity == result.performance.final_equity

    def test_what_is_no_table_is_refused(self):
        with pytest.raises(DataError, match="candles of 'BTC/KRW' are of type list"):
            backtest("momentum", "BTC", {"BTC": [1, 2]})
        with pytest.raises(DataError, match="not indexed by time"):
            backtest("momentum", "BTC", {"BTC": WAVE.reset_index(drop=True)})
        with pytest.raises(DataError, match="one table without a column 'market'"):
            backtest("momentum", "BTC", WAVE)
