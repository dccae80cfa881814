"""Forms of pages: what is changed stands in the address and comes back from it, and commands take what they make."""

from __future__ import annotations

import datetime as dt

import pytest

from cqs_backtest.commands.backtest import run
from cqs_backtest.views.form import BacktestForm, feature_lines
from cqs_core import Series, SeriesStatus, UsageError
from cqs_monitor.views.comparison_form import ComparisonForm
from cqs_panel import PageState, strategies_by_title, strategy_title

DAY = 86_400_000


class Shell:
    """A shell that notes what it is told."""

    def __init__(self):
        self.said = []

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
