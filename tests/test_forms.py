"""Forms of pages: what is changed stands in the address and comes back from it, and commands take what they make."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from panel_material_ui.widgets.base import MaterialWidget

from cqs_backtest.commands.backtest import run
from cqs_backtest.commands.sweep import sweep
from cqs_backtest.views.argument_text import feature_lines
from cqs_backtest.views.estimate import Estimate, estimate
from cqs_backtest.views.form import BacktestForm
from cqs_backtest.views.kept_arguments import resume_arguments, run_arguments
from cqs_backtest.views.later_offers import follow_offers
from cqs_backtest.views.search_form import SearchForm
from cqs_core import Series, SeriesStatus, UsageError
from cqs_core.lake import MarketSet
from cqs_monitor.views.comparison_form import ComparisonForm
from cqs_panel import PageState, strategies_by_title, strategy_form, strategy_title

DAY = 86_400_000


class Shell:
    """A shell that notes what it is told."""

    def __init__(self):
        self.said = []
        self.ended = lambda job: None

    def on_job(self, _page, call):
        self.ended = call

    def address(self, page):
        pass

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def shell():
    return Shell()


def page(shell, **query):
    return PageState(shell, "form", query)


def found():
    """Four years of two markets."""
    first, rows = 18_600 * DAY, 1_500
    return [
        SeriesStatus(Series("upbit", market, "1d"), first, first + (rows - 1) * DAY, rows, 0, 1000, 1, 0, ("exchange",))
        for market in ("BTC/KRW", "ETH/KRW")
    ]


def test_what_the_folded_fields_say_reaches_the_command(shell):
    form = BacktestForm(found(), page(shell))
    form.param.update(volume_share=10.0, on_end="sell", allow_stale=True, lookahead=False)
    asked = run.make_context("run", form.arguments()[2:]).params
    assert (asked["max_volume_share"], asked["on_end"]) == (0.1, "sell")
    assert (asked["allow_stale"], asked["lookahead_check"]) == (True, False)


def test_features_and_their_filter_reach_the_command_and_come_back_from_a_run(shell):
    form = BacktestForm(found(), page(shell))
    form.param.update(features="regime=models:v9\n\nfunding@1d=funding.csv", only_in="regime=bull")
    asked = run.make_context("run", form.arguments()[2:]).params
    assert asked["features"] == ("regime=models:v9", "funding@1d=funding.csv")
    assert asked["only_in"] == "regime=bull"
    assert "--set only_in" not in " ".join(form.arguments())
    kept = {name: {"known": known, "source": source} for name, known, source in FEATURES}
    assert feature_lines(kept) == "regime=models:v9\nfunding@86400s=funding.csv"


FEATURES = (("regime", "close", "models:v9"), ("funding", "86400000", "funding.csv"), ("mine", "open", ""))


def test_the_folded_fields_ask_for_nothing_by_default(shell):
    asked = run.make_context("run", BacktestForm(found(), page(shell)).arguments()[2:]).params
    assert (asked["max_volume_share"], asked["on_end"]) == (None, "hold")
    assert (asked["allow_stale"], asked["lookahead_check"]) == (False, True)


def test_a_changed_backtest_comes_back_from_its_address(shell):
    changed = page(shell)
    form = BacktestForm(found(), changed)
    form.param.update(volume_share=2.5, on_end="sell", lookahead=False, symbols=["ETH/KRW"], start=dt.date(2021, 3, 1))
    form.configured.noise_ratio = 0.7
    again = BacktestForm(found(), page(shell, **changed.query))
    assert again.arguments() == form.arguments()


def test_a_changed_comparison_comes_back_from_its_address(shell):
    changed = page(shell)
    form = ComparisonForm(changed, ["Main", "메인"])
    form.param.update(account="메인", start=dt.date(2025, 1, 1), end=dt.date(2025, 6, 30), capital=5e6)
    form.configured.noise_ratio = 0.7
    assert changed.query["p.noise_ratio"] == "0.7"
    again = ComparisonForm(page(shell, **changed.query), ["Main", "메인"]).request()
    asked = form.request()
    assert (again.account, again.start, again.end, again.capital) == ("메인", asked.start, asked.end, 5e6)
    assert again.setup.strategy.values() == asked.setup.strategy.values()
    assert again.end - again.start == 181 * DAY


def test_a_comparison_is_read_before_its_fields_are_made(shell):
    form = ComparisonForm(page(shell, capital="5000000"), ["Main", "<b>2</b>"])
    form.param.update(account="<b>2</b>", end=dt.date(2025, 6, 30))
    said = form.text().object
    for label, value in {
        "Account": "&lt;b&gt;2&lt;/b&gt;",
        "Strategy": "Volatility breakout",
        "Noise ratio:": "0.5",
        "Exit at": "signal",
        "End": "2025-06-30",
        "Capital (optional)": "5000000",
    }.items():
        assert f'<span class="name">{label}</span><span class="value">{value}</span>' in said
    assert '<span class="name alone">Start</span></div>' in said
    assert form.configured.noise_ratio == 0.5


def test_fields_that_come_later_follow_the_strategy(shell):
    form = ComparisonForm(page(shell), ["Main"])
    drawn = form.__panel__()
    labels = [field.label for field in drawn.select(lambda one: hasattr(one, "label"))]
    assert labels == [
        "Account",
        "Strategy",
        *("Noise ratio", "BTC moving average", "Moving average short", "Late entry, %", "Exit at"),
        *("Start", "End", "Period", "Capital (optional)"),
    ]
    form.strategy = "buy_and_hold"
    others = [field.label for field in drawn.select(lambda one: hasattr(one, "label"))]
    assert others[:2] == labels[:2]
    assert "Noise ratio" not in others


def test_a_form_that_is_filled_before_it_is_drawn_is_drawn_once(shell, monkeypatch):
    drawn = []
    monkeypatch.setattr(strategy_form, "parameter_widgets", lambda *args, **look: drawn.append(args[0].id) or [])
    form = BacktestForm(found(), page(shell))
    form.fill(MADE)
    assert drawn == []
    form.__panel__()
    form.__panel__()  # as Panel does for each place that shows it
    assert drawn == ["volatility_breakout"]
    form.fill(MADE)
    assert drawn == ["volatility_breakout"] * 2


def test_candles_that_come_while_a_form_is_open_are_offered_and_nothing_else_changes(shell):
    form = BacktestForm(found(), page(shell))
    form.param.update(symbols=["ETH/KRW"], start=dt.date(2022, 1, 1), capital=5e6)
    changed = []
    form.param.watch(changed.append, list(form.param))
    form.renew_candles(found(), [])
    assert changed == []
    sol, last = Series("upbit", "SOL/KRW", "1d"), form.end
    longer = [replace(one, last=one.last + 9 * DAY, rows=one.rows + 9) for one in found()]
    form.renew_candles([*longer, replace(longer[0], series=sol)], [MarketSet("mine", "upbit", ["SOL/KRW"])])
    assert "SOL/KRW" in form.param.symbols.objects
    assert "@mine" in form.param.preset.objects
    assert (form.symbols, form.start, form.capital) == (["ETH/KRW"], dt.date(2022, 1, 1), 5e6)
    assert form.end == last + dt.timedelta(days=9)  # it was at the last candle, and still is
    form.renew_candles([], [])  # the lake is not there for a moment
    assert "SOL/KRW" in form.param.symbols.objects


def test_what_a_form_offers_is_asked_again_after_a_job_and_while_there_is_nothing(shell):
    opened, asked, lacks = page(shell), [], []
    follow_offers(opened, asked.append, lambda: bool(lacks))
    assert asked == [False]
    opened.shown = True
    assert asked == [False]
    shell.ended(None)
    assert asked == [False, True]
    opened.shown = False
    for _ in range(2):
        shell.ended(None)
    assert asked == [False, True]  # not while nobody looks
    opened.shown = True
    assert asked == [False, True, True]
    lacks.append("candles")
    opened.shown = False
    opened.shown = True
    assert asked == [False, True, True, True]


def test_an_account_that_is_not_there_is_said_and_leaves_the_address(shell):
    opened = page(shell, account="Nobody")
    form = ComparisonForm(opened, ["Main"])
    assert (form.account, opened.query["account"]) == ("Main", "Main")
    assert shell.said == ["There is no account 'Nobody' here; Main is shown."]


def test_dates_the_wrong_way_round_are_refused(shell):
    form = ComparisonForm(page(shell), ["Main"])
    form.param.update(start=dt.date(2025, 6, 1), end=dt.date(2025, 1, 1))
    with pytest.raises(UsageError, match="not before"):
        form.request()


def test_strategies_have_the_name_that_people_read():
    assert strategies_by_title()["Volatility breakout"] == "volatility_breakout"
    assert strategy_title("removed_rule") == "Removed rule"


def test_a_search_asks_for_what_its_form_says(shell):
    form = SearchForm(found(), page(shell))
    assert form.ranges.texts == {"noise_ratio": "0.1:0.9:0.1", "btc_ma": "5:50:5"}
    form.ranges.by_name["btc_ma"].param.update(span=(10, 20), step=2)
    form.ranges.by_name["exit_at"].searched = True
    form.configured.ma_short = 7
    form.param.update(
        method="random", count=50, seed=3, objectives=["calmar", "mdd"], requirements="num_trades>=30, mdd>=-40"
    )
    asked = sweep.make_context("sweep", form.arguments()[2:]).params
    assert asked["ranges"] == ("noise_ratio=0.1:0.9:0.1", "btc_ma=10:20:2", "exit_at=signal,next_open")
    assert {"ma_short=7", "late_entry_pct=1"} == set(asked["params"])
    assert (asked["count"], asked["seed"], asked["objectives"]) == (50, 3, ("calmar", "mdd"))
    assert asked["requirements"] == ("num_trades>=30", "mdd>=-40")


def test_the_fields_of_a_range_and_of_a_value_are_made_when_they_are_shown(shell):
    form = SearchForm(found(), page(shell))
    drawn, own = form.fields(), form.ranges.by_name["ma_short"]

    def labels():
        return {one.label for one in drawn.select(MaterialWidget) if "Moving average short" in one.label}

    assert labels() == {"Moving average short"}
    own.param.update(searched=True, span=(4, 8))
    assert labels() == {"Moving average short", "Moving average short: from, to", "Moving average short: step"}
    slider = next(one for one in drawn.select(MaterialWidget) if one.label == "Moving average short: from, to")
    assert slider.value == (4, 8)
    assert [one.visible for one in drawn[2][0][1:]] + [drawn[2][1].visible] == [True, False]


def test_a_changed_search_comes_back_from_its_address(shell):
    changed = page(shell)
    form = SearchForm(found(), changed)
    form.ranges.by_name["noise_ratio"].searched = False
    form.ranges.by_name["ma_short"].param.update(searched=True, span=(4, 8), step=1)
    form.ranges.by_name["exit_at"].param.update(searched=True, choices=["next_open"])
    form.param.update(objectives=["cagr", "mdd"], method="optuna", symbols=["ETH/KRW"])
    again = SearchForm(found(), page(shell, **changed.query))
    assert again.arguments() == form.arguments()
    assert again.ranges.texts == {"btc_ma": "5:50:5", "ma_short": "4:8:1", "exit_at": "next_open"}


def test_a_range_that_the_form_cannot_show_leaves_the_address(shell):
    opened = page(shell, **{"p.btc_ma.range": "5:x:5", "p.unknown.range": "1,2"})
    assert SearchForm(found(), opened).ranges.texts["btc_ma"] == "5:50:5"
    assert opened.query == {}


MADE = {
    "id": "20260101T000000-volatility-breakout-abcdef",
    "strategy": {
        "name": "volatility_breakout",
        "reference": "volatility_breakout",
        "parameters": {
            "noise_ratio": 0.5,
            "btc_ma": 20,
            "ma_short": 6,
            "late_entry_pct": 0.3,
            "exit_at": "signal",
            "only_in": "regime=bull",
        },
    },
    "exchange": "upbit",
    "symbols": ["BTC/KRW", "ETH/KRW"],
    "interval": "1d",
    "start": "2021-06-01T00:00:00+00:00",
    "end": "2023-01-01T00:00:00+00:00",
    "last": "2022-12-31T00:00:00+00:00",
    "allow_stale": False,
    "features": {"regime": {"known": "close", "source": "models:v9"}},
    "costs": {
        "fee": 0.001,
        "slippage_bps": 7.0,
        "lot": 0.5,
        "min_order": 5000.0,
        "capital": 2e6,
        "max_volume_share": 0.1,
        "on_end": "sell",
    },
    "axes": {"noise_ratio": [0.1, 0.3, 0.5], "exit_at": ["signal", "next_open"]},
    "ranges": {"noise_ratio": "0.1:0.5:0.2", "exit_at": None},
    "random": 4,
    "random_seed": 2,
    "objective": "sortino",
    "requirements": ["num_trades>=30"],
}


def test_a_stopped_search_goes_on_with_what_it_was_started_with():
    asked = sweep.make_context("sweep", resume_arguments(MADE)[2:]).params
    assert (asked["resume"], asked["yes"]) == (MADE["id"], True)
    assert asked["ranges"] == ("noise_ratio=0.1:0.5:0.2", "exit_at")
    assert set(asked["params"]) == {"btc_ma=20", "ma_short=6", "late_entry_pct=0.3"}
    assert (asked["count"], asked["seed"], asked["objectives"]) == (4, 2, ("sortino",))
    assert asked["requirements"] == ("num_trades>=30",)
    assert (asked["features"], asked["only_in"]) == (("regime=models:v9",), "regime=bull")
    assert [asked[name] for name in ("fee", "lot", "min_order", "capital", "max_volume_share", "on_end")] == [
        *(0.001, 0.5, 5000.0, 2e6, 0.1),
        "sell",
    ]
    assert (asked["start"], asked["end"]) == (MADE["start"], MADE["end"])


def test_a_set_becomes_a_run_with_its_own_parameters():
    row = {"set": 3, "noise_ratio": np.float64(0.3), "btc_ma": np.int64(20), "ma_short": 6, "late_entry_pct": 0.3}
    asked = run.make_context("run", run_arguments(MADE, row | {"exit_at": "next_open"}, "set 3")[2:]).params
    assert set(asked["params"]) == {
        *("noise_ratio=0.3", "btc_ma=20", "ma_short=6", "late_entry_pct=0.3"),
        "exit_at=next_open",
    }
    assert (asked["name"], asked["keep"]) == ("set 3", True)


def test_a_kept_number_keeps_its_last_digit_and_a_slider_adds_none(shell):
    noise, fee = 0.1 + 0.2, 0.0005000000000000001
    values = MADE["strategy"]["parameters"] | {"noise_ratio": np.float64(noise)}
    asked = run.make_context(
        "run", run_arguments(MADE | {"costs": MADE["costs"] | {"fee": fee}}, values, "")[2:]
    ).params
    assert "noise_ratio=0.30000000000000004" in asked["params"]
    assert asked["fee"] == fee
    form = BacktestForm(found(), page(shell))
    form.configured.noise_ratio = noise
    form.volume_share = 100 * 0.07
    asked = run.make_context("run", form.arguments()[2:]).params
    assert "noise_ratio=0.3" in asked["params"]
    assert asked["max_volume_share"] == 0.07


def test_the_form_takes_what_a_search_was_made_of(shell):
    form = SearchForm(found(), page(shell))
    form.fill(MADE)
    assert form.ranges.texts == {"noise_ratio": "0.1:0.5:0.2", "exit_at": "signal,next_open"}
    assert (form.method, form.count, form.seed, form.objectives) == ("random", 4, 2, ["sortino"])
    assert (form.capital, form.fee_pct, form.configured.ma_short) == (2e6, 0.1, 6)
    assert form.requirements == "num_trades>=30"


def test_a_search_is_measured_before_it_starts_and_what_is_wrong_with_it_is_said(shell, tmp_path):
    import pandas as pd

    from cqs_core import Bucket, Lake
    from cqs_core.lake import candle_table

    bucket, first = Bucket(tmp_path, create=True), 18_600 * DAY
    wave = 100 + 10 * np.sin(np.arange(200) / 7)
    bars = pd.DataFrame({"open": wave, "high": wave + 1, "low": wave - 1, "close": wave, "volume": 1.0}).to_numpy()
    for market in ("BTC/KRW", "ETH/KRW"):
        ts = first + DAY * np.arange(200)
        Lake(bucket).append(Series("upbit", market, "1d"), candle_table(ts, bars), first, first + 200 * DAY)
    form = SearchForm(Lake(bucket).status(), page(shell))
    told = estimate(bucket, form.arguments())
    assert (told.sets, told.error, told.asks) == (90, "", False)
    assert told.seconds > 0
    assert bucket.folders("sweeps") == []
    form.requirements = "num_trade>=30"
    assert "unknown metric 'num_trade'" in estimate(bucket, form.arguments()).error
    form.requirements = ""
    form.ranges.by_name["ma_short"].param.update(searched=True, span=(3, 20), step=0)
    assert "step above 0" in estimate(bucket, form.arguments()).error
    assert Estimate(200_000, 5).asks
    assert Estimate(5, 700).asks


def test_a_saved_set_is_a_choice_and_takes_the_markets_that_the_lake_has(shell):
    saved = [
        MarketSet("majors", "upbit", ["ETH/KRW", "XRP/KRW"]),
        MarketSet("elsewhere", "binance", ["BTC/USDT"]),
        MarketSet("not here", "upbit", ["DOGE/KRW"]),
    ]
    form = BacktestForm(found(), page(shell), saved)
    assert [one for one in form.param.preset.objects if one.startswith("@")] == ["@majors"]
    form.preset = "@majors"
    assert form.symbols == ["ETH/KRW"]


def test_a_usual_period_sets_both_dates_and_other_dates_leave_it(shell):
    form = BacktestForm(found(), page(shell))
    low, high = form.param.start.bounds
    form.period = "1 year"
    assert (form.start, form.end) == (high.replace(year=high.year - 1) + dt.timedelta(days=1), high)
    form.period = "This year"
    assert (form.start, form.end, form.period) == (dt.date(high.year, 1, 1), high, "This year")
    form.start = dt.date(high.year, 1, 2)
    assert form.period == ""
    form.period = "5 years"
    assert (form.start, form.end) == (low, high)  # there is no more
    form.end = high - dt.timedelta(days=1)
    assert form.period == ""
