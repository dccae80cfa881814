"""Regimes as they reach charts, PnL and alerts."""

from __future__ import annotations

import datetime as dt
import hashlib

import numpy as np
import pandas as pd
import pytest
from logfiles import buy, day, sell

from cqs_core import DataError
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import evaluate as evaluate_rules
from cqs_monitor.alerts.evaluation import tried
from cqs_monitor.alerts.rules_file import parse_rules
from cqs_monitor.logs.history import Logs
from cqs_monitor.models.evaluation.evaluate import evaluate
from cqs_monitor.models.evaluation.regimes import UNKNOWN, Regimes, key, listing, pnl_by_regime, store, stored
from cqs_monitor.models.registry import models
from cqs_monitor.models.trust import trust

DAY = 86_400_000


def utc(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


@pytest.fixture
def regimes():
    """Bull on January 5th and 6th, bear on the 7th; known at each day's close."""
    index = pd.date_range("2026-01-05", periods=3, tz="UTC")
    names = ["BULL_TREND", "BULL_TREND", "BEAR_TREND"]
    days = pd.DataFrame({"regime": names, "realised": [None] * 3, "confidence": [0.5, 0.6, 0.7]}, index=index)
    return Regimes.of("v1", "upbit", "BTC/KRW", days, {"version": "v1", "sha256": "0"})


def test_stored_regimes_come_back(bucket, regimes):
    store(bucket, regimes)
    back = stored(bucket, "v1", "upbit", "BTC/KRW")
    assert list(back.days["regime"]) == list(regimes.days["regime"])
    assert back.evaluation == regimes.evaluation
    assert [row[:3] for row in listing(bucket)] == [("v1", "upbit", "BTC/KRW")]
    assert stored(bucket, "v2", "upbit", "BTC/KRW") is None


def test_damaged_regimes_say_what_to_do(bucket, regimes):
    bucket.write(key("v1", "upbit", "BTC/KRW"), b"no parquet")
    with pytest.raises(DataError, match="cqs models evaluate v1"):
        stored(bucket, "v1", "upbit", "BTC/KRW")


def test_versions_of_any_name_stay_inside_their_folder(bucket, regimes):
    odd = Regimes.of("../../x y", "upbit", "BTC/KRW", regimes.days, {})
    store(bucket, odd)
    assert odd.key.startswith("regimes/..%2F") or odd.key.startswith("regimes/..-")
    assert [row[0] for row in listing(bucket)]


def test_a_sale_counts_in_the_regime_that_was_known_when_it_was_made(put, bucket, regimes):
    rows = [
        buy("2026-01-05T09:00:00", "BTC", 100.0, 3.0),
        sell("2026-01-05T10:00:00", "BTC", 110.0, 1.0, 100.0),  # before any close: nothing was known
        sell("2026-01-06T10:00:00", "BTC", 120.0, 1.0, 100.0),  # after the close of the 5th (09:00 KST): bull
        sell("2026-01-08T10:00:00", "BTC", 90.0, 1.0, 100.0),  # after the close of the 7th: bear
    ]
    put("logs/Main/trades_2026-01-05.csv", day(*rows))
    earned = {one.regime: one for one in pnl_by_regime(Logs(bucket).refresh(), regimes)}
    assert {name: round(one.pnl, 6) for name, one in earned.items()} == {
        UNKNOWN: 10,
        "BULL_TREND": 20,
        "BEAR_TREND": -10,
    }
    assert earned["BEAR_TREND"].win_rate == 0


def test_an_old_regime_is_not_taken_for_todays(regimes):
    late = np.array([utc("2026-01-08T12:00"), utc("2026-01-20T00:00")])
    assert list(regimes.known_at(late)) == ["BEAR_TREND", None]


def test_a_regime_is_a_rule(bucket, regimes):
    store(bucket, regimes)
    rules = parse_rules('[[rule]]\nname = "bear"\nkind = "regime"\nmodel = "v1"\nover = "BEAR_TREND"\n')
    (quiet,), _ = evaluate_rules(rules, context_of(bucket, utc("2026-01-07T12:00")))
    assert (quiet.state, quiet.signal.value) == ("ok", "BULL_TREND")
    (fired,), _ = evaluate_rules(rules, context_of(bucket, utc("2026-01-08T12:00")))
    assert (fired.state, fired.subject, fired.since) == ("firing", "BTC/KRW", utc("2026-01-08T00:00"))
    found = tried(rules.rules[0], context_of(bucket, utc("2026-02-01")), utc("2026-01-01"), utc("2026-02-01")).json()
    assert [row["at"] for row in found["fired"]] == ["2026-01-08T00:00:00+00:00"]


def test_an_old_model_is_a_rule(bucket, upload):
    upload("v1", b"N.")
    rules = parse_rules('[[rule]]\nkind = "model_age"\nover = "30d"\n')
    at = int(bucket.list("models")[0].modified * 1000)
    (fresh,), _ = evaluate_rules(rules, context_of(bucket, at + 29 * DAY))
    (old,), _ = evaluate_rules(rules, context_of(bucket, at + 31 * DAY))
    assert (fresh.state, old.state, old.signal.note) == ("ok", "firing", "v1")


def test_regimes_shade_any_chart_of_their_market(bucket, folder, fitted, upload, monkeypatch):
    pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")
    from cqs_core import Series
    from cqs_monitor.views.regimes import layers

    upload("v1", fitted)
    trust(models(bucket), hashlib.sha256(fitted).hexdigest())
    evaluate(bucket, "v1")
    monkeypatch.setenv("CQS_BUCKET", str(folder))
    drawn = layers(Series("upbit", "BTC/KRW", "1h"), utc("2023-01-01"), utc("2024-01-01"))
    assert {band.label for band in drawn} == {"BULL_TREND", "BEAR_TREND"}
    assert all(utc("2023-01-01") <= band.start < band.end <= utc("2024-01-01") for band in drawn)
    assert layers(Series("upbit", "ETH/KRW", "1h"), 0, utc("2024-01-01")) == []
