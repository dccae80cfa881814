"""A rule is silenced until a time: nothing is sent, the file keeps its comments, and it ends by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from cqs_core import UnknownName, UsageError
from cqs_core.testing.command import cqs_json, refusal
from cqs_core.time.clock import iso, now
from cqs_monitor.alerts.current import current_alerts
from cqs_monitor.alerts.rules_file import parse_rules, read_text
from cqs_monitor.alerts.silences import silence_rule

HOUR = 3_600_000
RULES = """# mine
[[rule]]
name = "silent" # the bot
kind = "heartbeat"
over = "7m"

# the next one
[[rule]]
kind = "churn"
over = 5
"""


@pytest.fixture
def alert(bucket, beat, rules):
    """The alert of the first rule, whose heartbeat is an hour old."""
    rules(RULES)
    beat(3600)
    return lambda: next(one for one in current_alerts(bucket).alerts if one.rule.name == "silent")


def test_a_silenced_rule_is_watched_and_not_sent_until_its_time(alert, bucket, watcher, hook, monkeypatch):
    until = now() + HOUR
    silence_rule(bucket, "silent", until, "anna")
    assert (alert().state, alert().json()["silenced"]) == (
        "silenced",
        {"until": iso(until)[:19] + "+00:00", "by": "anna"},
    )
    watcher.round()
    assert hook.titles == []
    monkeypatch.setattr("cqs_monitor.alerts.current.now", lambda: until + 1000)
    assert alert().state == "firing"


def test_the_file_keeps_its_comments_and_a_silence_is_taken_back(alert, bucket):
    silence_rule(bucket, "silent", now() + HOUR, 'o"neil')
    text, _ = read_text(bucket)
    assert text.startswith('# mine\n[[rule]]\nname = "silent" # the bot\n')
    assert "# the next one\n" in text
    assert parse_rules(text).rules[0].silenced_by == 'o"neil'
    silence_rule(bucket, "silent", None)
    assert read_text(bucket)[0] == RULES
    assert alert().state == "firing"


def test_what_a_silence_may_say():
    def issues(value: str):
        return [one.reason for one in parse_rules(f'[[rule]]\nkind = "heartbeat"\nsilenced_until = {value}\n').issues]

    for right in ("2026-12-01T09:00:00+09:00", '"2026-12-01T09:00:00Z"', "2026-12-01 09:00:00Z"):
        assert issues(right) == []
    for wrong in ('"soon"', "2026-12-01", "2026-12-01T09:00:00", "5", "true", "9999-12-31T23:59:59Z"):
        assert "write a time with its offset" in issues(wrong)[0]


def test_a_trial_on_the_past_shows_what_the_rule_does_without_the_silence():
    found = parse_rules('[[rule]]\nkind = "heartbeat"\nsilenced_until = 2199-01-01T00:00:00Z\n').rules[0]
    assert found.silent_until(now()) == int(dt.datetime(2199, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)
    assert found.unsilenced().silent_until(now()) is None


def test_what_is_refused(alert, bucket):
    with pytest.raises(UnknownName, match="did you mean 'silent'"):
        silence_rule(bucket, "silnt", now() + HOUR)
    with pytest.raises(UsageError, match="has passed"):
        silence_rule(bucket, "silent", now() - HOUR)
    with pytest.raises(UsageError, match="2200"):
        silence_rule(bucket, "silent", 10**16)
    assert read_text(bucket)[0] == RULES


def test_the_command_silences_and_undoes(alert, folder):
    at = ("--bucket", folder)
    found = cqs_json("monitor", "alerts", "silence", "silent", "--for", "2h", *at)
    assert found["rule"] == "silent"
    assert alert().state == "silenced"
    assert cqs_json("monitor", "alerts", "silence", "silent", "--undo", *at)["silenced_until"] is None
    assert alert().state == "firing"
    assert "write one of" in refusal("monitor", "alerts", "silence", "silent", "--undo", "--for", "1h", *at)
    assert "--for is 'ever'" in refusal("monitor", "alerts", "silence", "silent", "--for", "ever", *at)
