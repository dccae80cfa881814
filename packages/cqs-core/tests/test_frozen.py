"""What a strategy is given cannot be written to, and what an engine trades on cannot be reached from it."""

import numpy as np
import pytest

from cqs_core import Orders, Strategy, UsageError
from cqs_core.host.simulation import simulate
from cqs_core.testing.candles import random_candles
from cqs_core.trading.candles import FIELDS, Candles
from cqs_core.trading.frozen import frozen
from cqs_core.trading.orders import Costs
from cqs_core.trading.strategy import orders_of


def candles():
    made = random_candles(("BTC/KRW", "ETH/KRW"), 30)
    reference = random_candles(("SOL/KRW",), 30).with_values(rows=made.ts)
    return made.with_values(references={"SOL/KRW": reference})


def own_arrays(one: Candles):
    return [getattr(one, name) for name in ("ts", *FIELDS)] + ([] if one.rows is None else [one.rows])


class Keeps(Strategy):
    """Remembers what it was given."""

    id = "keeps"

    def references(self, markets):
        return ["SOL/KRW"]

    def orders(self, candles):
        type(self).given = candles
        return Orders(enter=candles.present)


class Engine:
    name = "keeps"

    def execute(self, candles, orders, costs):
        from cqs_core.trading.engine import Execution, Fill

        self.candles, self.orders = candles, orders
        return Execution(np.full(len(candles.ts), costs.capital), np.zeros(0, Fill))


def every_base(array):
    while isinstance(array, np.ndarray):
        yield array
        array = array.base


def test_every_array_is_read_only_also_through_its_base_and_cannot_be_made_writable():
    orders_of(Keeps(), candles())
    seen = Keeps.given
    cached = seen.cached("mine", lambda: np.zeros((3, 3))[1:])
    arrays = [*own_arrays(seen), *own_arrays(seen.reference("SOL/KRW")), cached, seen.cached("n", lambda: np.ones(2))]
    for array in arrays:
        for one in every_base(array):
            with pytest.raises(ValueError, match="read-only"):
                one[0] = 1
            with pytest.raises(ValueError, match="WRITEABLE"):
                one.setflags(write=True)
    assert not seen.present.flags.writeable
    with pytest.raises(TypeError):
        seen.references["SOL/KRW"] = None


def test_the_engine_shares_no_memory_with_the_strategy():
    engine = Engine()
    simulate(Keeps(), candles(), engine, Costs(), start=int(candles().ts[3]))
    for mine in [*own_arrays(engine.candles), engine.orders.enter]:
        for given in own_arrays(Keeps.given):
            assert not np.shares_memory(mine, given)


def divide(c):
    x = c.close
    x /= c.open


@pytest.mark.parametrize(
    "write",
    [
        divide,
        lambda c: c.close.__setitem__(0, 1.0),
        lambda c: c.high.base.__setitem__(0, 1.0),
        lambda c: np.maximum(c.low, c.open, out=c.low),
        lambda c: c.volume.sort(axis=0),
        lambda c: np.copyto(c.open, 1.0),
        lambda c: np.random.default_rng(1).shuffle(c.close),
        lambda c: c.reference("SOL/KRW").close.fill(1.0),
        lambda c: c.ts.__setitem__(0, 0),
        lambda c: c.present.__setitem__(0, False),
    ],
)
def test_an_attempt_is_an_error_that_names_the_line(write):
    class Writes(Keeps):
        id = "writes"

        def orders(self, candles):
            write(candles)
            return Orders()

    mine = candles()
    before = mine.close.copy()
    with pytest.raises(UsageError, match=r"'writes' failed: .*test_frozen\.py, line \d+\); .*") as caught:
        orders_of(Writes(), mine)
    assert "candles are read-only; change a copy" in str(caught.value)
    np.testing.assert_array_equal(mine.close, before)


def test_the_line_is_the_rules_own_also_where_a_library_raised():
    import pandas as pd

    class Concats(Keeps):
        id = "concats"

        def orders(self, candles):
            pd.concat([])
            return Orders()

    with pytest.raises(UsageError, match=r"\(test_frozen\.py, line"):
        orders_of(Concats(), candles())


def test_indicators_are_still_made_once_over_runs():
    mine, made = candles(), []

    class Caches(Keeps):
        id = "caches"

        def orders(self, candles):
            candles.cached("slow", lambda: made.append(1))
            return Orders()

    for _ in range(3):
        orders_of(Caches(), mine)
    assert len(made) == 1


def test_empty_arrays_are_read_only_too():
    assert not frozen(np.zeros((0, 2))).flags.writeable
