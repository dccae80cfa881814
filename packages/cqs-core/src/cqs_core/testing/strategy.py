"""Contract tests of strategies: a strategy is pure and knows only the open of the bar in which it trades.

Orders are checked as in a run: values must be unambiguous (booleans, fractions, prices, one order a cell), frames
fit by label, candles cannot be written to, and whatever the strategy raises is its failure.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import param
import pytest

from cqs_core.errors import UnknownName, UsageError
from cqs_core.testing.candles import random_candles
from cqs_core.trading.candles import FIELDS, Candles
from cqs_core.trading.orders import Orders
from cqs_core.trading.strategy import orders_of

if TYPE_CHECKING:
    from cqs_core.trading.strategy import Strategy


class StrategyContract:
    """A subclass names the `strategy`; it may give other `candles`."""

    strategy: ClassVar[type[Strategy]]

    @pytest.fixture
    def candles(self) -> Candles:
        """Candles to try the strategy on: three markets with gaps, and the references that it asks for."""
        return with_references(self.strategy(), random_candles(("BTC/KRW", "ETH/KRW", "XRP/KRW"), missing=0.05))

    def test_it_says_what_it_is(self) -> None:
        assert self.strategy.id.isidentifier()
        assert self.strategy.title.isprintable()

    def test_each_parameter_is_documented(self) -> None:
        for name, parameter in self.strategy.parameters().items():
            assert parameter.doc, f"parameter {name!r} has no doc"

    def test_parameters_are_read_from_text(self) -> None:
        values = self.strategy().values()
        assert self.strategy.with_parameters({name: str(value) for name, value in values.items()}).values() == values
        with pytest.raises(UnknownName):
            self.strategy.with_parameters({"no_such_parameter": 1})

    def test_values_out_of_bounds_are_refused(self) -> None:
        for name, parameter in self.strategy.parameters().items():
            for bound, step in zip(getattr(parameter, "bounds", None) or (None, None), (-1, 1), strict=True):
                if bound is not None:
                    with pytest.raises(UsageError, match=name):
                        self.strategy.with_parameters({name: bound + step})

    def test_its_orders_can_be_executed(self, candles: Candles) -> None:
        orders_of(self.strategy(), candles)

    def test_the_same_candles_give_the_same_orders(self, candles: Candles) -> None:
        first = orders_of(self.strategy(), candles)
        second = orders_of(self.strategy(), candles.with_values())
        assert first_difference(first, second, candles.shape) is None

    @pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 1.0])
    def test_no_order_knows_what_comes(self, candles: Candles, share: float) -> None:
        bar = int(share * (candles.shape[0] - 1))
        there = orders_of(self.strategy(), candles)
        otherwise = orders_of(self.strategy(), with_another_future(candles, bar))
        difference = first_difference(there, otherwise, (bar + 1, candles.shape[1]), candles.shape)
        assert difference is None, f"{difference} changes with what happens in or after bar {bar}"

    def test_one_market_is_enough(self, candles: Candles) -> None:
        strategy = self.strategy()
        one = random_candles(candles.symbols[:1], candles.shape[0], missing=0.05)
        orders_of(strategy, with_references(strategy, one))

    def test_the_extremes_of_each_parameter_are_no_error(self, candles: Candles) -> None:
        for name, parameter in self.strategy.parameters().items():
            for value in _extremes(parameter):
                strategy = self.strategy.with_parameters({name: value})
                orders_of(strategy, with_references(strategy, replace(candles, references={}, _memo={})))

    def test_candles_are_left_alone(self, candles: Candles) -> None:
        before = [getattr(candles, name).copy() for name in FIELDS]
        orders_of(self.strategy(), candles)
        assert all(np.array_equal(a, getattr(candles, f), equal_nan=True) for a, f in zip(before, FIELDS, strict=True))

    def test_it_prints_nothing(self, candles: Candles, capfd: pytest.CaptureFixture[str]) -> None:
        orders_of(self.strategy(), candles)
        printed = capfd.readouterr().out
        assert printed == "", "take the prints out: in `cqs` they go to stderr, in a notebook they are in the way"

    def test_few_candles_are_no_error(self, candles: Candles) -> None:
        for rows in (1, 2, 5):
            few = candles.between(0, rows)
            seen = {name: replace(one, rows=few.ts, _memo={}) for name, one in candles.references.items()}
            orders_of(self.strategy(), replace(few, references=seen, _memo={}))


def _extremes(parameter: param.Parameter[Any]) -> list[Any]:
    """Its bounds, as far as they belong to it, or its choices."""
    if isinstance(parameter, param.Boolean):
        return [False, True]
    if isinstance(parameter, param.Selector):
        return list(parameter.objects)
    bounds = getattr(parameter, "bounds", None) or (None, None)
    inclusive = getattr(parameter, "inclusive_bounds", (True, True))
    return [bound for bound, inside in zip(bounds, inclusive, strict=True) if bound is not None and inside]


def with_references(strategy: Strategy, candles: Candles) -> Candles:
    """The candles with what the strategy looks at besides them."""
    wanted = strategy.references(candles.symbols)
    seen = {m: replace(random_candles((m,), candles.shape[0], seed=7), rows=candles.ts) for m in wanted}
    return replace(candles, references=seen, _memo={})


def with_another_future(candles: Candles, bar: int) -> Candles:
    """Candles that differ in row `bar`, except its open, and in all later rows; references as well."""
    changed = {name: getattr(candles, name).copy() for name in FIELDS}
    changed["open"][bar + 1 :] *= 1.7
    for name, factor in (("high", 2.9), ("low", 0.3), ("close", 1.7), ("volume", 5.0)):
        changed[name][bar:] *= factor
    seen = {name: with_another_future(one, bar) for name, one in candles.references.items()}
    return candles.with_values(**changed, references=seen)


def first_difference(
    one: Orders, other: Orders, shape: tuple[int, int], whole: tuple[int, int] | None = None
) -> str | None:
    """Where two orders differ in their first rows; None where they do not.

    Args:
        one: orders.
        other: to compare with.
        shape: of the part that is compared.
        whole: shape for which the orders were made, where it is larger.
    """
    for field in fields(Orders):
        if field.name == "max_cash":
            continue
        a, b = (np.asarray(o.array(field.name, whole or shape), float)[: shape[0]] for o in (one, other))
        differs = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        if differs.any():
            t, s = np.argwhere(differs)[0]
            return f"{field.name!r} of bar {t}, column {s}"
    return None
