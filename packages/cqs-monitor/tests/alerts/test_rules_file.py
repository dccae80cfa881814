"""Rules as they are written by hand, slips included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_monitor.alerts.rules_file import DEFAULT, parse_rules, read_rules

SLIPS = {
    'kind = "daily_loss"\ntreshold = 3': (3, "did you mean 'over'?"),
    'kind = "hearbeat"': (2, "did you mean 'heartbeat'?"),
    'name = "x"': (1, "a rule without a kind"),
    'kind = "daily_loss"': (1, "needs a threshold"),
    'kind = "churn"\n\nover = "many"': (4, "write a number"),
    'kind = "heartbeat"\nover = 7': (3, 'write "7m"'),
    'kind = "churn"\nseverity = "fatal"': (3, "info, warning, critical"),
    'kind = "churn"\nsilence = "from ten"': (3, "23:00-07:00"),
    'kind = "churn"\nsilence = "23:00-07:00 Asia/Soul"': (3, "Asia/Seoul"),
    'kind = "churn"\naccount = 5': (3, "write a text"),
    'kind = "churn"\nenabled = "no"': (3, "true or false"),
    'kind = "churn"\nmarket = "BTC"': (3, "unknown field 'market'"),
    'kind = "churn"\nover = nan': (3, "write a number"),
    'kind = "churn\nover = 1': (2, "no TOML"),
    'kind = "churn"\n[other]\nx = 1': (3, "a table inside a rule"),
}


@pytest.mark.parametrize(("text", "told"), SLIPS.items(), ids=[told for _, told in SLIPS.values()])
def test_a_slip_is_told_by_line_and_the_other_rules_stay_in_force(text, told):
    line, reason = told
    before = '[[rule]]\nname = "before"\nkind = "churn"\n'
    after = '\n[[rule]]\nname = "after"\nkind = "no_trades"\nover = "2d"\n'
    found = parse_rules(f"{before}[[rule]]\n{text}{after}")
    assert [rule.name for rule in found.rules] == ["before", "after"]
    assert any(one.line == line + 3 and reason in one.reason for one in found.issues), found.issues


def test_what_stands_outside_of_rules_is_told():
    found = parse_rules('# fine\n\nkind = "churn"\n[[rules]]\nkind = "churn"\n')
    assert [one.line for one in found.issues] == [3, 4]
    assert "did you mean [[rule]]" in found.issues[1].reason


def test_names_are_unique():
    found = parse_rules('[[rule]]\nkind = "churn"\n[[rule]]\nkind = "churn"\n')
    assert len(found.rules) == 1
    assert (found.issues[0].line, "line 1" in found.issues[0].reason) == (3, True)


def test_everything_can_be_said():
    (rule,) = parse_rules(
        '[[rule]]\nname = "n"\nkind = "price_move"\nover = "5 %"\nmarket = ["BTC", "ETH/KRW"]\nwithin = "1h"\n'
        'severity = "info"\nfor = "2m"\ncooldown = "1d"\nsilence = "22:30-06:00 Asia/Seoul"\nchannels = "telegram"\n'
    ).rules
    assert (rule.over, rule.hold, rule.cooldown, rule.channels) == (5.0, 120.0, 86_400.0, ("telegram",))
    assert rule.condition.model_dump() == {"over": 5.0, "market": ("BTC", "ETH/KRW"), "within": 3600.0}


def test_a_rule_can_be_switched_off():
    found = parse_rules('[[rule]]\nkind = "churn"\nenabled = false\n')
    assert (list(found.rules), list(found.issues)) == ([], [])


def test_without_a_file_the_defaults_are_in_force(bucket):
    found = read_rules(bucket)
    assert not found.stored
    assert not found.issues
    assert [rule.kind for rule in found.rules] == ["heartbeat", "damaged_file", "reconciliation", "pending_buy"]
    assert found.rules[0].over == 7 * 60
    assert parse_rules(DEFAULT).rules == found.rules


@given(st.text(max_size=200))
def test_no_text_breaks_reading(text):
    parse_rules(text)
    parse_rules(f"[[rule]]\n{text}")
    parse_rules(f'[[rule]]\nkind = "churn"\nover = {text}\n')
