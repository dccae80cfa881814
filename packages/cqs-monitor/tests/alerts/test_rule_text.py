"""Rules changed in the text of their file: everything else in it stays as it was written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_monitor.alerts.rule_text import add_rule, change_rule, remove_rule, rule_blocks, unused_name
from cqs_monitor.alerts.rules_file import DEFAULT, parse_rules

TEXT = """\
# mine

[[rule]]   # the first
name = "silent"
kind = "heartbeat"
over = "7m"      # five are too few
channels = [
    "telegram",  # the phone
]
# about the next one
[[rule]]
name = "broken
[[rule]]
name = "idle"
kind = "no_trades"
"""


def test_only_the_changed_field_is_written_anew():
    first = rule_blocks(TEXT)[0]
    changed = change_rule(TEXT, first, {"over": "9m"})
    assert changed == TEXT.replace('over = "7m"', 'over = "9m"')
    assert change_rule(TEXT, first, {"over": "7m", "severity": None}) == TEXT


def test_a_field_is_added_behind_the_others_and_removed_with_its_line():
    first, last = rule_blocks(TEXT)[0], rule_blocks(TEXT)[-1]
    assert '# the phone\n]\nseverity = "critical"\n# about the next one\n' in change_rule(
        TEXT, first, {"severity": "critical"}
    )
    assert change_rule(TEXT, last, {"name": None}).endswith('[[rule]]\nkind = "no_trades"\n')
    assert change_rule(TEXT, last, {"cooldown": "2h"}).endswith('kind = "no_trades"\ncooldown = "2h"\n')


def test_a_rule_that_is_not_toml_is_listed_by_its_line():
    assert [(one.name, one.line) for one in rule_blocks(TEXT)] == [("silent", 3), ("rule of line 11", 11), ("idle", 13)]


def test_a_rule_is_added_and_removed_and_comments_stay():
    fields = {"for": "5m", "over": 3.5, "kind": "churn", "name": 'a "quoted" name'}
    added = add_rule(TEXT, fields)
    assert added.startswith(TEXT)
    assert added.endswith('[[rule]]\nname = "a \\"quoted\\" name"\nkind = "churn"\nover = 3.5\nfor = "5m"\n')
    assert remove_rule(added, rule_blocks(added)[-1]) == TEXT
    without = remove_rule(TEXT, rule_blocks(TEXT)[0])
    assert without.startswith("# mine\n\n# about the next one\n[[rule]]\n")
    alone = "[[rule]] # alone"
    assert change_rule(alone, rule_blocks(alone)[0], {"kind": "churn"}) == f'{alone}\nkind = "churn"'
    assert add_rule("", {"kind": "churn"}) == '[[rule]]\nkind = "churn"\n'
    assert remove_rule('[[rule]]\nkind = "churn"\n', rule_blocks('[[rule]]\nkind = "churn"\n')[0]) == ""


def test_the_name_of_a_new_rule_is_not_taken():
    blocks = rule_blocks(DEFAULT)
    assert unused_name("drawdown", blocks) == "drawdown"
    assert unused_name("bot is silent", blocks) == "bot is silent 2"


@pytest.mark.parametrize("index", range(4))
@given(value=st.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_whatever_is_written_into_a_field_is_read_back_and_the_others_stay(index, value):
    changed = change_rule(DEFAULT, rule_blocks(DEFAULT)[index], {"name": value})
    found = rule_blocks(changed)
    assert found[index].fields["name"] == value
    others = [one.fields for i, one in enumerate(rule_blocks(DEFAULT)) if i != index]
    assert [one.fields for i, one in enumerate(found) if i != index] == others
    tomllib.loads(changed)
    assert changed.count("#") >= DEFAULT.count("#")
    assert not value or parse_rules(changed).rule(value)
