"""What a backtest costs and starts with is said in one place, whoever asks for the run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cqs_backtest
from cqs_backtest import BacktestFacade
from cqs_backtest.request import make_costs, make_request
from cqs_core import Costs

ASKED = ("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--exchange", "upbit", "--quote", "KRW")
SETTINGS = [
    {},
    {"CQS_FEE": "0.0007"},
    {"CQS_SLIPPAGE_BPS": "1234.5", "CQS_CAPITAL": "5000"},
    {"CQS_FEE": "0.25", "CQS_SLIPPAGE_BPS": "0", "CQS_CAPITAL": "0.1"},
    {"CQS_FEE": "0"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda chosen: " ".join(chosen) or "none")
def test_command_facade_and_request_agree_under_any_setting(cqs, bucket, monkeypatch, settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code, by_command, _ = cqs(*ASKED, "--no-keep", "--json")
    assert code == 0
    by_facade = BacktestFacade(bucket).run_backtest("buy_and_hold", ["BTC/KRW"], exchange="upbit")
    wanted = Costs(
        float(settings.get("CQS_FEE", 0.0005)),
        float(settings.get("CQS_SLIPPAGE_BPS", 5)) / 10_000,
        capital=float(settings.get("CQS_CAPITAL", 10_000_000)),
    )
    assert by_facade["result"].costs == make_request("buy_and_hold", ["BTC"]).costs == make_costs() == wanted
    assert by_command["performance"]["final_equity"] == by_facade["performance"]["final_equity"]


def test_an_option_wins_over_the_setting(monkeypatch):
    monkeypatch.setenv("CQS_FEE", "0.1")
    assert make_costs(fee=0.0).fee == 0.0
    assert make_costs(capital=7.0) == Costs(0.1, capital=7.0)


def test_no_other_file_has_defaults_of_its_own():
    figures = re.compile(r"\b0\.0005\b|\b10_?000_?000\b")
    found = [path.name for path in Path(cqs_backtest.__file__).parent.rglob("*.py") if figures.search(path.read_text())]
    assert found == []
