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
