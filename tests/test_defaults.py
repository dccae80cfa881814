"""The Backtest page asks for what the settings say, and offers what the lake can give."""

from __future__ import annotations

import numpy as np
import pytest

from cqs_backtest.request import make_costs
from cqs_backtest.views.form import BacktestForm
from cqs_core import Lake, Series
from cqs_core.lake import candle_table
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY, length
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


class _NoBrowser:
    def address(self, page):
        """Nobody sees it."""


def test_the_form_offers_every_interval_that_the_lake_can_put_together(tmp_path, monkeypatch):
    lake = Lake(str(tmp_path))
    for market, interval, start in (("BTC/KRW", "1d", 0), ("BTC/KRW", "4h", 9 * DAY), ("ETH/KRW", "4h", 3 * DAY)):
        step = length(interval)
        rows = candle_table(start + step * np.arange(5), np.ones((5, 5)))
        lake.append(Series("upbit", market, interval), rows, start, start + 5 * step, source="exchange")
    form = BacktestForm(lake.status(), PageState(_NoBrowser(), "backtest"))
    assert form.param.interval.objects == ["4h", "8h", "12h", "1d", "3d", "1w", "1M"]
    assert (form.interval, form.symbols) == ("1d", ["BTC/KRW", "ETH/KRW"])
    assert (str(form.start), str(form.end)) == ("1970-01-01", "1970-01-10")
    form.interval = "8h"
    assert (form.symbols, str(form.start)) == (["BTC/KRW", "ETH/KRW"], "1970-01-04")
    monkeypatch.setenv("CQS_DAY_START", "01:00")  # nothing fits; the run says what to fetch
    assert "1d" in BacktestForm(lake.status(), PageState(None, "backtest")).param.interval.objects
