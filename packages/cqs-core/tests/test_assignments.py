"""`--set NAME=VALUE` and comma-separated lists."""

from __future__ import annotations

import pytest

from cqs_core import UsageError
from cqs_core.cli import parse_assignments, parse_list


def test_names_and_values_are_stripped_and_a_value_may_hold_equals_signs():
    assert parse_assignments([" fast = 10 ", "name=a=b", "empty="]) == {"fast": "10", "name": "a=b", "empty": ""}


def test_the_last_value_of_a_name_wins():
    assert parse_assignments(["fast=1", "fast=2"]) == {"fast": "2"}


@pytest.mark.parametrize("text", ["fast", "=3", " =3", ""])
def test_what_is_not_an_assignment_is_refused(text):
    with pytest.raises(UsageError, match=r"--sweep .* is not NAME=VALUES"):
        parse_assignments([text], "--sweep", "NAME=VALUES")


@pytest.mark.parametrize(("text", "parts"), [(None, []), ("", []), (" , ", []), ("BTC, ETH,", ["BTC", "ETH"])])
def test_a_list_has_no_empty_parts(text, parts):
    assert parse_list(text) == parts
