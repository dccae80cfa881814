"""The contract of strategies names what is wrong with a rule, and leaves a good one alone."""

from __future__ import annotations

import inspect

import numpy as np
import param
import pytest

from cqs_core import Orders, Strategy
from cqs_core.testing.candles import random_candles
from cqs_core.testing.strategy import StrategyContract, with_references


class Plain(Strategy):
    id = "plain"
    bars = param.Integer(2, bounds=(1, 5), doc="Bars to look back.")

    def orders(self, candles):
        before = np.full(candles.shape, np.nan)
        before[self.bars :] = candles.close[: -self.bars]
        up = np.nan_to_num(candles.open) > np.nan_to_num(before, nan=np.inf)
        return Orders(enter=up, exit=~up, weight=1 / len(candles.symbols))


class TestPlain(StrategyContract):
    strategy = Plain


def rule(name, orders, **about):
    """A rule like `Plain` with other orders."""
    return type(name, (Plain,), {"orders": orders, **about})


def _up(candles):
    return np.zeros(candles.shape, bool)


def _writes(self, candles):
    candles.close[0] = 1.0
    return Orders(enter=_up(candles), exit=_up(candles), weight=0.1)


def _peeks(self, candles):
    up = candles.close > candles.open
    return Orders(enter=up, exit=~up, weight=0.1)


def _prints(self, candles):
    print("orders of", candles.symbols)
    return Orders(enter=_up(candles), exit=_up(candles), weight=0.1)


_SEEN = []


def _counts(self, candles):
    _SEEN.append(1)
    up = np.full(candles.shape, len(_SEEN) % 2 == 0)
    return Orders(enter=up, exit=~up, weight=0.1)


def _leaves(self, candles):
    raise SystemExit(3)


def _only_many(self, candles):
    if len(candles.symbols) < 3:
        raise ValueError("too few")
    return Orders(enter=_up(candles), exit=_up(candles), weight=0.1)


def _only_long(self, candles):
    return Orders(enter=_up(candles), exit=_up(candles), weight=0.1 if candles.close[10].any() else 0.2)


def _fails_at_a_bound(self, candles):
    return Orders(enter=_up(candles), exit=_up(candles), weight=0.1 * 1 / (5 - self.bars))


def as_orders(**fields):
    return lambda self, candles: Orders(**{name: make(candles) for name, make in fields.items()})


WRONG = {
    "signals as numbers": (as_orders(enter=lambda c: np.sign(c.close - c.open), weight=lambda _: 0.1), "executed"),
    "signals as text": (as_orders(enter=lambda c: np.full(c.shape, "yes"), weight=lambda _: 0.1), "executed"),
    "percent for a fraction": (as_orders(enter=_up, weight=lambda _: 0.1, stop_loss=lambda _: 5), "executed"),
    "enter and exit at the open": (
        as_orders(enter=lambda c: ~_up(c), exit=lambda c: ~_up(c), weight=lambda _: 0.1),
        "executed",
    ),
    "another shape": (as_orders(enter=lambda c: _up(c)[1:], weight=lambda _: 0.1), "executed"),
    "no orders at all": (lambda self, candles: None, "executed"),
    "writes": (_writes, "executed"),
    "leaves": (_leaves, "executed"),
    "peeks": (_peeks, "what_comes"),
    "not the same twice": (_counts, "the_same_orders"),
    "prints": (_prints, "prints_nothing"),
    "needs many markets": (_only_many, "one_market"),
    "needs many candles": (_only_long, "few_candles"),
    "fails at a bound": (_fails_at_a_bound, "extremes"),
}


@pytest.mark.parametrize(("orders", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_rule_is_found(orders, told, capfd):
    assert any(told in name for name in failing(rule("Wrong", orders), capfd))


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"id": "two words"}, "what_it_is"),
        ({"title": "two\nlines"}, "what_it_is"),
        ({"more": param.Number(1.0)}, "is_documented"),
    ],
)
def test_what_is_wrong_with_its_description_is_found(about, told, capfd):
    assert any(told in name for name in failing(rule("Wrong", Plain.orders, **about), capfd))


def test_neither_docstring_nor_title_is_needed(capfd):
    assert Plain.title == ""
    assert failing(Plain, capfd) == []


def failing(strategy, capfd):
    """Names of the contract's tests that fail."""
    contract = type("TestIt", (StrategyContract,), {"strategy": strategy})()
    candles = with_references(strategy(), random_candles(("BTC/KRW", "ETH/KRW", "XRP/KRW"), missing=0.05))
    given = {"candles": candles, "capfd": capfd, "share": 0.5}
    found = []
    for name, test in inspect.getmembers(contract, inspect.ismethod):
        if name.startswith("test_"):
            capfd.readouterr()
            try:
                test(**{key: given[key] for key in inspect.signature(test).parameters})
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - a rule may fail in any way
                found.append(name)
    return found
