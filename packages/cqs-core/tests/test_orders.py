"""What orders are refused, and how they broadcast."""

import numpy as np
import pytest

from cqs_core.errors import UsageError
from cqs_core.trading.orders import Costs, Orders

SHAPE = (4, 2)
ALL = np.ones(SHAPE, bool)


def full(value):
    return np.full(SHAPE, value)


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"enter": ALL, "weight": 1.5}, "weight must be between 0 and 1"),
        ({"enter": ALL, "weight": -0.1}, "weight must be between 0 and 1"),
        ({"enter": ALL, "weight": np.nan}, "weight must be between 0 and 1"),
        ({"target": full(1.1)}, "target must be between 0 and 1, or NaN"),
        ({"target": full(np.inf)}, "target must be between 0 and 1, or NaN"),
        ({"enter": ALL, "target": full(0.5)}, "enter and target are in one cell"),
        ({"enter": ALL, "stop": full(1.0), "limit": full(1.0)}, "stop and limit are in one cell"),
        ({"enter": ALL, "stop": full(0.0)}, "stop must be a positive price"),
        ({"enter": ALL, "limit": full(np.inf)}, "limit must be a positive price"),
        ({"stop_loss": 1.0}, "stop_loss must be a fraction"),
        ({"stop_loss": -0.1}, "stop_loss must be a fraction"),
        ({"trailing": 1.0}, "trailing must be a fraction"),
        ({"take_profit": -1.0}, "take_profit must be a fraction"),
        ({"max_cash": 1.1}, "max_cash is 1.1"),
        ({"max_cash": np.nan}, "max_cash is nan"),
        ({"max_cash": "all"}, "max_cash is 'all'"),
        ({"max_cash": full(0.5)}, "max_cash is array"),
        ({"enter": ALL, "exit": ALL}, "enter and exit are in one cell"),
        ({"exit": ALL, "target": full(0.5)}, "exit and a target above 0 are in one cell"),
        ({"enter": ALL, "target": full(0.0)}, "enter and target are in one cell"),
        ({"enter": np.ones((3, 3), bool)}, "it must broadcast to"),
        ({"enter": np.ones((1, 4, 2), bool)}, "it must broadcast to"),
        ({"enter": [True] * 3}, "it must broadcast to"),
        ({"enter": [[True, False], [True]]}, "differ in length"),
        ({"enter": [True] * 4}, r"one value a bar, and there are 2 symbols; write enter\[:, None\]"),
    ],
)
def test_what_has_no_single_meaning_is_refused(fields, fact):
    with pytest.raises(UsageError, match=fact):
        Orders(**fields).validate(SHAPE)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"enter": ALL},
        {"weight": full(7.0)},
        {"stop": full(-1.0)},
        {"enter": ALL, "stop": full(np.nan), "limit": full(5.0)},
        {"enter": ALL, "exit": ALL, "stop": full(5.0)},
        {"enter": ALL, "exit": ALL, "limit": full(np.nan)},
        {"enter": ALL, "stop": full(np.nan), "target": full(0.5)},
        {"exit": ALL, "target": full(0.0)},
        {"target": full(np.nan), "enter": ALL},
        {"take_profit": 1.0, "stop_loss": 0.0, "trailing": 0.999},
        {"enter": [True, False], "weight": [0.1, 0.2], "stop_loss": (0.1, 0.2), "max_cash": 1},
        {"enter": np.True_, "weight": np.float32(0.5), "target": np.nan},
    ],
)
def test_what_has_one_is_taken(fields):
    Orders(**fields).validate(SHAPE)


def test_the_message_names_the_cell():
    target = full(0.5)
    target[2, 1] = 3
    with pytest.raises(UsageError, match="at bar 2, column 1"):
        Orders(target=target).validate(SHAPE)


@pytest.mark.parametrize("field", ["weight", "target", "stop_loss", "take_profit", "trailing", "max_cash"])
@pytest.mark.parametrize("given", [5, 5.0, full(5.0), [5.0, 5.0]], ids=["int", "float", "array", "list"])
def test_percent_where_a_fraction_is_meant_is_refused(field, given):
    if field == "max_cash" and not isinstance(given, int | float):
        return
    enter = None if field == "target" else ALL
    with pytest.raises(UsageError, match=r"%"):
        Orders(enter=enter, **{field: given}).validate(SHAPE)


def test_a_missing_weight_is_an_equal_share():
    assert (Orders(enter=ALL).array("weight", SHAPE) == 0.5).all()
    assert (Orders(enter=ALL).array("weight", (4, 1)) == 1).all()


def test_rows_are_cut_where_there_are_rows():
    orders = Orders(enter=np.arange(8).reshape(SHAPE) > 3, weight=np.full((1, 2), 0.5), stop_loss=0.1)
    cut = orders.between(2, 4, SHAPE)
    assert cut.array("enter", (2, 2)).all()
    assert cut.array("weight", (2, 2)).shape == (2, 2)
    assert (cut.array("stop_loss", (2, 2)) == 0.1).all()


@pytest.mark.parametrize(
    "fields", [{"fee": -0.1}, {"fee": 1}, {"slip": 1}, {"lot": -1}, {"min_order": np.inf}, {"capital": 0}]
)
def test_wild_costs_are_refused(fields):
    with pytest.raises(UsageError, match=next(iter(fields))):
        Costs(**fields)
