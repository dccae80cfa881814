"""The cards of the overview: alerts of the last day, and regimes."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from logfiles import buy, day, sell

from cqs_core.time.clock import now
from cqs_core.time.intervals import DAY
from cqs_monitor.alerts.current import current_alerts
from cqs_monitor.models.evaluation.regimes import Regimes, key, store
from cqs_monitor.views import alerts_card, regime_card

RULE = b'[[rule]]\nname = "loss"\nkind = "daily_loss"\nover = 10\n'


def test_what_began_in_the_last_day_is_told_with_its_time(bucket, put):
    kst = dt.timezone(dt.timedelta(hours=9))
    at = dt.datetime.now(kst) - dt.timedelta(minutes=5)
    when, date = at.strftime("%Y-%m-%dT%H:%M:%S"), at.date().isoformat()
    put(f"logs/Main/trades_{date}.csv", day(buy(when, "DOGE", 100.0, 3.0), sell(when, "DOGE", 90.0, 3.0, 100.0)))
    put("config/alerts.toml", RULE)
    [fired] = alerts_card.fired_since(current_alerts(bucket), now() - DAY)
    assert (fired.rule, fired.subject) == ("loss", "Main")
    assert abs(fired.at - at.timestamp() * 1000) < 1000
    assert alerts_card.fired_since(current_alerts(bucket), now() - 60_000) == []
    put("config/alerts.toml", b"[[rule]\n")  # the Alerts page says so
    assert alerts_card.fired_since(current_alerts(bucket), now() - DAY) == []


def regimes(market, *names):
    days = pd.date_range("2026-01-01", periods=len(names), tz="UTC", unit="ms")
    frame = pd.DataFrame({"regime": names, "realised": None, "confidence": [0.5] * len(names)}, index=days)
    return Regimes.of("v1", "upbit", market, frame, {})


def test_the_regime_of_each_market_is_the_last_one_that_is_known(bucket, put):
    store(bucket, regimes("BTC/KRW", "BULL_TREND", "SIDEWAYS", "SIDEWAYS"))
    store(bucket, regimes("ETH/KRW", "BEAR_TREND"))
    found = {one.market: one for one in regime_card.current(bucket)}
    assert found["BTC/KRW"].regime == "SIDEWAYS"
    assert found["BTC/KRW"].until - found["BTC/KRW"].since == 2 * DAY
    assert found["ETH/KRW"].confidence == 0.5
    put(key("v1", "upbit", "BTC/KRW"), b"damaged")
    assert [one.market for one in regime_card.current(bucket)] == ["ETH/KRW"]
