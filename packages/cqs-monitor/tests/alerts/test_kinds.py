"""What each kind of rule says of files as bots leave them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from logfiles import buy, day, sell

from cqs_core import UsageError, hookimpl, plugins
from cqs_monitor.alerts import AlertKind, Count
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import evaluate, tried
from cqs_monitor.alerts.rules_file import parse_rules

KST = dt.timezone(dt.timedelta(hours=9))


def kst(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=KST).timestamp() * 1000)


@pytest.fixture
def ask(bucket):
    """Evaluates one rule at a time given in KST."""

    def evaluated(text: str, at: str, **options):
        rules = parse_rules(f"[[rule]]\n{text}")
        assert not rules.issues, rules.issues
        alerts, wrong = evaluate(rules, context_of(bucket, kst(at)), **options)
        return wrong or alerts

    return evaluated


@pytest.fixture
def backtried(bucket):
    def run(text: str, start: str, end: str):
        (rule,) = parse_rules(f"[[rule]]\n{text}").rules
        return tried(rule, context_of(bucket, kst("2026-03-01T00:00")), kst(start), kst(end)).json()

    return run


@pytest.fixture
def losing(put):
    """Two losses on Monday, January 5th, a gain on Tuesday, a loss on Wednesday."""
    rows = {
        "2026-01-05": [
            buy("2026-01-05T10:00:00", "BTC", 100.0, 1000.0),
            sell("2026-01-05T11:00:00", "BTC", 90.0, 500.0, 100.0),
            sell("2026-01-05T12:00:00", "BTC", 80.0, 500.0, 100.0),
        ],
        "2026-01-06": [
            buy("2026-01-06T10:00:00", "BTC", 100.0, 100.0),
            sell("2026-01-06T13:00:00", "BTC", 140.0, 100.0, 100.0),
        ],
        "2026-01-07": [
            buy("2026-01-07T10:00:00", "BTC", 100.0, 100.0),
            sell("2026-01-07T14:00:00", "BTC", 40.0, 100.0, 100.0),
        ],
    }
    for date, lines in rows.items():
        put(f"logs/Main/trades_{date}.csv", day(*lines))


def test_a_heartbeat_that_is_old(put, ask):
    put("logs/.heartbeat", f"{kst('2026-01-05T10:00') / 1000}".encode())
    (quick,) = ask('kind = "heartbeat"', "2026-01-05T10:06")
    assert (quick.state, quick.signal.value) == ("ok", 360)
    (late,) = ask('kind = "heartbeat"', "2026-01-05T10:08")
    assert (late.state, late.since) == ("firing", kst("2026-01-05T10:07"))


def test_a_heartbeat_that_is_absent_or_empty_is_unknown_not_old(put, ask):
    assert ask('kind = "heartbeat"', "2026-01-05T10:00")[0].state == "unknown"
    put("logs/.heartbeat", b"")
    assert ask('kind = "heartbeat"', "2026-01-05T10:00")[0].state == "unknown"


def test_losses_of_the_day_and_of_the_week(losing, ask):
    text = 'kind = "daily_loss"\nover = 12000'
    assert ask(text, "2026-01-05T11:30")[0].state == "ok"
    (fired,) = ask(text, "2026-01-05T12:30")
    assert (fired.state, fired.signal.value, fired.since) == ("firing", pytest.approx(15_000), kst("2026-01-05T12:00"))
    assert ask(text, "2026-01-06T00:00")[0].state == "ok"
    assert ask(text, "2026-01-06T00:00")[0].signal.value == 0
    week = 'kind = "weekly_loss"\nover = 12000'
    assert ask(week, "2026-01-06T12:00")[0].state == "firing"
    assert ask(week, "2026-01-06T13:30")[0].signal.value == pytest.approx(11_000)
    assert ask(week, "2026-01-08T00:00")[0].state == "firing"
    assert ask(week, "2026-01-12T00:00")[0].state == "ok"


def test_drawdown_is_from_the_best_so_far(losing, ask):
    assert ask('kind = "drawdown"\nover = 16000', "2026-01-07T15:00")[0].signal.value == pytest.approx(17_000)
    assert ask('kind = "drawdown"\nover = 16000', "2026-01-07T15:00")[0].since == kst("2026-01-07T14:00")


def test_no_trades(losing, ask):
    (fired,) = ask('kind = "no_trades"\nover = "3d"', "2026-01-11T00:00")
    assert (fired.state, fired.since) == ("firing", kst("2026-01-10T14:00"))


def test_churn(put, ask):
    rows = [buy(f"2026-01-05T10:{minute:02d}:00", "BTC", 100.0, 1.0) for minute in range(40)]
    put("logs/Main/trades_2026-01-05.csv", day(*rows))
    (fired,) = ask('kind = "churn"\nover = 30', "2026-01-05T10:50")
    assert (fired.state, fired.signal.value, fired.since) == ("firing", 40, kst("2026-01-05T10:30"))
    assert ask('kind = "churn"\nover = 30', "2026-01-05T12:00")[0].state == "ok"


def test_positions_and_pending_buys(put, ask):
    held = {"BTC": {"symbol": "BTC", "quantity": 1, "entry_price": 1, "entry_time": "2026-01-01T00:00:00+09:00"}}
    dust = {"ETH": {"symbol": "ETH", "quantity": 1e-9, "entry_price": 1, "entry_time": "2020-01-01T00:00:00+09:00"}}
    put("logs/Main/positions.json", json.dumps(held | dust).encode())
    pending = {
        "XRP": {
            "uuid": "u",
            "amount": 1,
            "fallback_price": 1,
            "pre_qty": None,
            "created_at": kst("2026-01-05T10:00") / 1000,
        }
    }
    put("logs/Main/runtime_state.json", json.dumps({"buy_block_until": {}, "pending_buys": pending}).encode())
    (old,) = ask('kind = "position_age"\nover = "3d"', "2026-01-05T00:00")
    assert (old.state, old.since, old.signal.note) == ("firing", kst("2026-01-04T00:00"), "BTC")
    (stuck,) = ask('kind = "pending_buy"\nover = "10m"', "2026-01-05T10:20")
    assert (stuck.state, stuck.signal.note) == ("firing", "XRP")
    put("logs/Main/positions.json", b"{torn")
    assert ask('kind = "position_age"\nover = "3d"', "2026-01-05T00:00")[0].state == "unknown"


def test_damaged_files_and_what_does_not_add_up(put, ask):
    put(
        "logs/Main/trades_2026-01-05.csv",
        day(buy("2026-01-05T10:00:00", "BTC", 100.0, 1.0)) + b"2026-01-05T11:00:00+09:00,2026-01-05,BUY,BT",
    )
    put("logs/Main/positions.json", b"{}")
    put("logs/Other/positions.json", b"{}")
    damaged = {alert.subject: alert for alert in ask('kind = "damaged_file"', "2026-01-05T12:00")}
    assert (damaged["Main"].state, damaged["Other"].state) == ("firing", "ok")
    assert "trades_2026-01-05.csv" in damaged["Main"].signal.note
    assert damaged["Main"].since is None
    held = {alert.subject: alert for alert in ask('kind = "reconciliation"', "2026-01-05T12:00")}
    assert (held["Main"].state, held["Other"].state) == ("firing", "ok")


def test_an_account_that_cannot_be_listed_is_damaged_and_the_others_are_watched(put, ask, closed):
    put("logs/Main/trades_2026-01-05.csv", day(buy("2026-01-05T10:00:00", "BTC", 100.0, 1.0)))
    put("logs/Other/trades_2026-01-05.csv", day(buy("2026-01-05T10:00:00", "BTC", 100.0, 1.0)))
    closed.add("Other")
    damaged = {alert.subject: alert for alert in ask('kind = "damaged_file"', "2026-01-05T12:00")}
    assert (damaged["Main"].state, damaged["Other"].state) == ("ok", "firing")
    assert "cannot be listed: Permission denied" in damaged["Other"].signal.note
    quiet = {alert.subject: alert.read for alert in ask('kind = "no_trades"\nover = "1d"', "2026-01-05T12:00")}
    assert quiet == {"Main": True, "Other": False}  # so that no alert about it recovers


def test_the_for_duration_counts_from_when_the_watcher_saw_it(put, ask):
    put("logs/Main/positions.json", b"{torn")
    text = 'name = "d"\nkind = "damaged_file"\nfor = "15m"'
    assert ask(text, "2026-01-05T12:00")[0].state == "pending"
    seen = {"d\nMain": kst("2026-01-05T11:40")}
    assert ask(text, "2026-01-05T12:00", seen=seen)[0].state == "firing"


def test_an_unknown_account_is_told_by_line_and_the_known_ones_are_evaluated(losing, bucket):
    rules = parse_rules('[[rule]]\nkind = "churn"\naccount = ["Main", "Mian"]\n[[rule]]\nkind = "no_trades"\n')
    alerts, wrong = evaluate(rules, context_of(bucket, kst("2026-01-05T12:00")))
    assert [(a.rule.kind, a.subject) for a in alerts] == [("churn", "Main"), ("no_trades", "Main")]
    assert str(wrong[0]) == "config/alerts.toml:1: unknown account 'Mian'; did you mean 'Main'?"


def test_silence_is_a_state(losing, ask):
    text = 'kind = "daily_loss"\nover = 12000\nsilence = "09:00-18:00 Asia/Seoul"'
    assert ask(text, "2026-01-05T12:30")[0].state == "silenced"
    assert ask(text, "2026-01-05T18:30")[0].state == "firing"


def test_a_rule_is_tried_on_the_past(losing, backtried):
    found = backtried('kind = "daily_loss"\nover = 5500', "2026-01-01T00:00", "2026-02-01T00:00")
    assert found["times"] == 2
    assert [row["at"] for row in found["fired"]] == ["2026-01-05T03:00:00+00:00", "2026-01-07T05:00:00+00:00"]
    assert found["fired"][0]["until"] == "2026-01-05T15:00:00+00:00"
    assert backtried('kind = "daily_loss"\nover = 5500', "2026-01-06T00:00", "2026-02-01T00:00")["times"] == 1


def test_what_keeps_no_past_is_not_tried(losing, backtried):
    with pytest.raises(UsageError, match="overwritten"):
        backtried('kind = "heartbeat"', "2026-01-01T00:00", "2026-02-01T00:00")


def test_what_is_missing_is_unknown_and_says_what_to_do(losing, ask):
    (moved,) = ask('kind = "price_move"\nmarket = "BTC"', "2026-01-05T12:00")
    assert (moved.state, "no candles" in moved.signal.note) == ("unknown", True)
    (said,) = ask('kind = "regime"\nover = "BEAR_TREND"', "2026-01-05T12:00")
    assert (said.state, "cqs models evaluate" in said.signal.note) == ("unknown", True)
    (old,) = ask('kind = "model_age"', "2026-01-05T12:00")
    assert old.state == "unknown"


def test_a_price_that_moved(bucket, ask):
    import numpy as np

    from cqs_core import Lake, Series
    from cqs_core.lake import candle_table

    start = kst("2026-01-01T09:00")
    close = np.array([100.0, 101, 100, 110, 111, 111])
    values = np.column_stack([close, close, close, close, np.ones(6)])
    ts = start + 86_400_000 * np.arange(6, dtype=np.int64)
    Lake(bucket).append(Series("upbit", "BTC/KRW", "1d"), candle_table(ts, values), start, start + 6 * 86_400_000)
    text = 'kind = "price_move"\nover = 5\nmarket = "BTC"\nwithin = "1d"'
    (fired,) = ask(text, "2026-01-05T10:00")
    assert (fired.state, fired.subject, fired.signal.value) == ("firing", "BTC/KRW", pytest.approx(10))
    assert ask(text, "2026-01-06T10:00")[0].state == "ok"
    assert ask(text, "2026-01-20T10:00")[0].state == "unknown"


@pytest.mark.parametrize("name", plugins().alert_kinds())
def test_a_form_can_be_made_of_the_fields_of_a_kind(name):
    kind = plugins().alert_kinds()[name]
    fields = kind.model_json_schema(mode="validation")["properties"]
    assert all(field["title"] for field in fields.values())
    assert fields["over"]["unit"] in ("duration", "money", "percent", "count", "names")
    assert kind.unit() == fields["over"]["unit"]
    assert ("over" in kind.model_json_schema().get("required", [])) == (kind.default() is None)


class Failing(AlertKind):
    name, about = "failing", "it fails"
    over: Count = 1.0

    def measure(self, context, subject):
        raise SystemExit(3)


@pytest.fixture
def failing():
    class Plugin:
        @hookimpl
        def register_alert_kinds(self):
            return [Failing]

    plugins().register(Plugin(), "failing")
    yield
    plugins()._manager.unregister(name="failing")
    plugins()._merged.clear()


def test_a_kind_of_a_plugin_that_fails_takes_no_other_rule_down(losing, bucket, failing):
    rules = parse_rules(
        '[[rule]]\nkind = "failing"\n[[rule]]\nkind = "churn"\n[[rule]]\nkind = "failing"\nover = "x"\n'
    )
    assert [(one.line, one.reason) for one in rules.issues] == [(7, "over is 'x'; write a number")]
    alerts, issues = evaluate(rules, context_of(bucket, kst("2026-01-05T12:00")))
    assert [alert.rule.kind for alert in alerts] == ["churn"]
    assert "it could not be evaluated" in issues[-1].reason
    assert issues[-1].line == 1


def test_the_oldest_heartbeat_counts_where_accounts_have_their_own(put, ask):
    put("logs/.heartbeat", f"{kst('2026-01-05T10:07') / 1000}".encode())
    put("logs/Main/.heartbeat", f"{kst('2026-01-05T10:00') / 1000}".encode())
    (late,) = ask('kind = "heartbeat"', "2026-01-05T10:08")
    assert (late.state, late.signal.value) == ("firing", 480)
