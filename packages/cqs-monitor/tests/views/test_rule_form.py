"""A rule as a form: what a field says is what the file says, and the other way round."""

from __future__ import annotations

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_core import UsageError, plugins
from cqs_monitor.alerts.rule_text import add_rule, change_rule, rule_blocks
from cqs_monitor.alerts.rules_file import parse_rules
from cqs_monitor.views.rule_form import RuleForm

RULE = {"name": "moves", "kind": "price_move", "over": "5 %", "market": ["BTC", "ETH"], "channels": ["phone"]}


@pytest.fixture
def form():
    made = RuleForm(lambda fields: made.heard.append(dict(fields)))
    made.heard = []
    made.offer(["Main", "메인"], ["phone", "mail"])
    made.show(RULE)
    return made


def test_the_fields_of_a_rule_are_shown_and_showing_them_changes_nothing(form):
    shown = {name: widget.value for name, widget in form._widgets.items()}
    assert shown["over"] == "5 %"
    assert shown["market"] == "BTC, ETH"
    assert shown["channels"] == ["phone"]
    assert (shown["severity"], shown["enabled"], shown["within"]) == ("warning", True, "")
    assert form.heard == []


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("over", "7.5", 7.5),
        ("over", "7 %", 7),
        ("over", "much", "much"),
        ("within", "2h", "2h"),
        ("market", "BTC", "BTC"),
        ("market", "", None),
        ("account", ["Main"], "Main"),
        ("account", ["Main", "메인"], ["Main", "메인"]),
        ("channels", [], None),
        ("severity", "critical", "critical"),
        ("enabled", False, False),
        ("silence", "23:00-07:00", "23:00-07:00"),
    ],
)
def test_a_change_is_told_as_the_file_has_it(form, name, value, written):
    form._widgets[name].value = value
    assert form.heard == [{name: written}]


def test_another_kind_takes_fields_that_it_does_not_have_away(form):
    form._widgets["kind"].value = "heartbeat"
    assert form.heard == [{"market": None, "within": None, "over": None, "kind": "heartbeat"}]
    with pytest.raises((UsageError, ValueError)):
        form._widgets["kind"].value = "no such kind"


@pytest.mark.parametrize("kind", list(plugins().alert_kinds()))
def test_every_kind_has_a_form(form, kind):
    """Its fields, each with a widget; an empty one takes its default."""
    form.show({"kind": kind})
    assert set(plugins().alert_kinds()[kind].model_fields) < set(form._widgets)
    text = add_rule("", {"kind": kind})
    issues = parse_rules(text).issues
    assert all("needs a threshold" in one.reason for one in issues)
    over = {"names": "BEAR_TREND", "duration": "1d"}.get(plugins().alert_kinds()[kind].unit(), 5)
    assert not parse_rules(change_rule(text, rule_blocks(text)[0], {"over": over})).issues


def test_a_silence_is_chosen_shown_with_its_end_and_name_and_taken_back(monkeypatch):
    from cqs_core.time.clock import now
    from cqs_monitor.alerts.rule import read_moment
    from cqs_monitor.views import rule_silence

    monkeypatch.setattr(rule_silence, "user_name", lambda: "anna")
    heard = []
    silence = rule_silence.RuleSilence(lambda fields: heard.append(dict(fields)), "Asia/Seoul")
    silence._choice.value = "for 1 hour"
    until = read_moment(heard[-1]["silenced_until"])
    assert 0 < until - now() <= 3_600_000
    silence.show(heard[-1])
    assert "by anna" in silence._told.object
    assert (silence._choice.value, silence._at.visible, len(heard)) == ("until …", True, 1)
    silence._choice.value = "today"
    midnight = heard[-1]["silenced_until"]
    assert (midnight.hour, midnight.minute, str(midnight.utcoffset())) == (0, 0, "9:00:00")
    silence._at.value = midnight.replace(tzinfo=None, hour=9)
    assert heard[-1]["silenced_until"] == midnight.replace(hour=9)
    silence._choice.value = "not silenced"
    assert heard[-1] == {"silenced_until": None, "silenced_by": None}
    silence.show({"silenced_until": "2020-01-01T00:00:00Z"})
    assert "ended at 2020-01-01 09:00" in silence._told.object
