"""The cards of a run: what decides first, with the benchmark and the run before beside it."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_backtest.views.run import LARGE, cards
from cqs_backtest.views.run_figures import judged, moved
from cqs_panel import metrics_html

NOW = dict.fromkeys(HEADLINE, 1.0) | {"cagr": 15.38, "mdd": -28.9, "volatility": 31.0, "num_trades": 12}
BEFORE = NOW | {"cagr": 9.21, "mdd": -20.0, "volatility": 25.0, "num_trades": 9}


def told(**given):
    return {card.label: card for card in cards(NOW, "KRW", **given)}


def test_what_decides_comes_first():
    first = [CONVENTIONS[name].label for name in ("total_return", "cagr", "mdd", "sharpe", "win_rate", "profit_factor")]
    assert list(told())[:LARGE] == first
    assert len(told()) == len(HEADLINE) - 1  # the final equity stands below the total return


def test_each_card_says_how_its_figure_moved_since_the_run_before():
    found = told(before=BEFORE, benchmark={"cagr": 20.0})
    assert found["CAGR"].note == "benchmark 20.0 %"
    assert (found["CAGR"].change, found["CAGR"].change_tone) == ("▲ from 9.2 %", "up")
    assert (found["Max drawdown"].change, found["Max drawdown"].change_tone) == ("▼ from -20.0 %", "down")
    assert (found["Volatility"].change, found["Volatility"].change_tone) == ("▲ from 25.0 %", "down")
    assert (found["Closed positions"].change, found["Closed positions"].change_tone) == ("▲ from 9", None)
    assert (found["Sharpe"].change, found["Sharpe"].change_tone) == ("as before", None)
    assert all(card.change == "" for card in told().values())
    assert '<div class="note up">▲ from <span class="figure">9.2 %</span></div>' in metrics_html([found["CAGR"]])


def test_figures_that_are_unknown_or_infinite_are_not_compared():
    assert moved("sharpe", None, 1.0, "") == moved("sharpe", 1.0, None, "") == ""
    assert moved("profit_factor", math.inf, math.inf, "") == "as before"
    assert moved("profit_factor", 2.0, math.inf, "") == "▲ from 2.00"
    assert judged("profit_factor", math.inf, math.inf) is judged("sharpe", None, 1.0) is None
