"""Strategies: parameters from text, and what happens to those that fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import param
import pytest

from cqs_core import Candles, Orders, Strategy, UnknownName, UsageError
from cqs_core.trading.strategy import orders_of


class Rule(Strategy):
    id = "rule"
    bars = param.Integer(5, bounds=(3, 20))
    share = param.Number(None, bounds=(0, 1), allow_None=True)
    leave = param.Selector(default="close", objects=["close", "open"])
    on = param.Boolean(default=True)


class Misspelt(Rule):
    def orders(self, candles):
        return Orders(enter=candles.opne)


class Forgetful(Rule):
    def orders(self, candles):
        candles.open.sum()


class Greedy(Rule):
    def orders(self, candles):
        return Orders(enter=candles.present, weight=2.0)


@pytest.fixture
def candles():
    index = pd.date_range("2024-01-01", periods=4, freq="D", tz="UTC")
    return Candles.from_frames(
        {"BTC/KRW": pd.DataFrame(np.ones((4, 5)), index, ["open", "high", "low", "close", "volume"])}
    )


def test_text_is_read_as_the_parameters_type():
    rule = Rule.with_parameters({"bars": "7", "share": "none", "leave": "open", "on": "no"})
    assert rule.values() == {"bars": 7, "share": None, "leave": "open", "on": False}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"bars": "2"}, "'bars' is 2; it must be a whole number from 3 to 20"),
        ({"bars": "five"}, "'bars' is 'five'"),
        ({"share": "1.5"}, "'share' is 1.5; it must be a number from 0 to 1, or none"),
        ({"leave": "never"}, "one of close, open"),
        ({"on": "maybe"}, "true or false"),
    ],
)
def test_a_value_out_of_bounds_is_refused_in_words(values, told):
    with pytest.raises(UsageError, match=told):
        Rule.with_parameters(values)


def test_an_unknown_parameter_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'bars'"):
        Rule.with_parameters({"bras": 5})


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Misspelt, r"'rule' failed: AttributeError: .*'opne' \(test_strategy.py, line \d+\)"),
        (Forgetful, "'rule' returned NoneType"),
        (Greedy, "weight must be between 0 and 1"),
    ],
)
def test_a_rule_that_fails_is_named_with_the_place(rule, told, candles):
    with pytest.raises(UsageError, match=told):
        orders_of(rule(), candles)
