"""The Backtest page asks for the costs and the capital that the settings say."""

from __future__ import annotations

import pytest

from cqs_backtest.request import make_costs
from cqs_backtest.views.form import BacktestForm
from cqs_core import Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_panel import PageState


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"CQS_FEE": "0.0007"},
        {"CQS_SLIPPAGE_BPS": "1234.5", "CQS_CAPITAL": "5000"},
        {"CQS_FEE": "0.25", "CQS_SLIPPAGE_BPS": "0", "CQS_CAPITAL": "0.1"},
    ],
    ids=lambda chosen: " ".join(chosen) or "none",
)
def test_the_form_asks_for_what_the_settings_say(tmp_path, monkeypatch, settings):
    lake = Lake(str(tmp_path))
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(5), 0, 5 * DAY, source="exchange")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    words = BacktestForm(lake.status(), PageState(None, "backtest")).arguments()
    said = {name: float(words[words.index(f"--{name}") + 1]) for name in ("fee", "slippage-bps", "capital")}
    assert make_costs(said["fee"], said["slippage-bps"], said["capital"]) == make_costs()
