"""Rules text of any size and shape: it is limited before it is read, and reading it takes a time that grows with it."""

from __future__ import annotations

import sys
from itertools import count

import pytest

from cqs_monitor.alerts.rules_file import LARGEST, LARGEST_RULE, parse_rules

SHAPES = {
    "rules": lambda n: "".join(f'[[rule]]\nname="r{i}"\nkind="damaged_file"\n' for i in range(n)),
    "one name": lambda n: '[[rule]]\nkind="damaged_file"\n' * n,
    "unknown kinds": lambda n: '[[rule]]\nkind="damagd"\n' * n,
    "unknown heads": lambda n: "[[x]]\n" * n,
    "empty lines": lambda n: "\n" * 9 * n + "[[rule]]\n" + "\n" * 9 * n,
    "spaces": lambda n: (" " * 9 + "\n") * n + "[[" + " " * n,
    "unknown fields": lambda n: '[[rule]]\nkind="heartbeat"\n' + "".join(f"f{i}=1\n" for i in range(n)),
    "no end of a text": lambda n: '[[rule]]\na="""' + "\n" * n,
    "a long key": lambda n: "[[rule]]\n" + ".".join("a" * n) + "=1\n",
    "long keys": lambda n: ("[[rule]]\n" + ".".join("a" * 90) + "=1\n") * (n // 90),
    "nested": lambda n: "[[rule]]\na=" + "[" * n,
}


def steps(text: str) -> int:
    """Lines of Python that reading it takes: a clock would measure the machine."""
    counted = count()

    def trace(_frame, event, _argument):
        if event == "line":
            next(counted)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse_rules(text)
    finally:
        sys.settrace(before)
    return next(counted)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_hostile_text_is_read_in_linear_time(shape):
    few, many = steps(shape(100)), steps(shape(400))
    assert many < 6 * few + 2_000


@pytest.mark.parametrize("shape", ["empty lines", "spaces", "no end of a text"])
def test_hostile_white_space_is_searched_once(shape):
    """Regular expressions take no lines of Python: in square time, this would not end."""
    assert len(parse_rules(SHAPES[shape](40_000)).issues) == 1


@pytest.mark.once
def test_hostile_amounts_of_rules_are_all_read_or_refused_at_once():
    found = parse_rules(SHAPES["rules"](20_000))
    assert (len(found.rules), found.issues) == (20_000, [])
    assert found.rules[-1].line == 3 * 20_000 - 2
    refused = parse_rules(SHAPES["rules"](1) + " " * LARGEST)
    assert not refused.rules
    assert f"rules fit into {LARGEST:,}" in refused.issues[0].reason


def test_a_rule_that_is_too_long_is_named_and_leaves_the_others():
    long = f"[[rule]]\nkind='heartbeat'\nname='{'x' * LARGEST_RULE}'\n"
    found = parse_rules('[[rule]]\nkind="heartbeat"\n' + long + '[[rule]]\nkind="damaged_file"\n')
    assert [rule.kind for rule in found.rules] == ["heartbeat", "damaged_file"]
    assert [(wrong.line, "fits into" in wrong.reason) for wrong in found.issues] == [(3, True)]
