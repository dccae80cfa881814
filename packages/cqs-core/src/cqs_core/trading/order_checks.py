"""Refuses orders that no engine could execute with one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.trading.order_fields import Array, Grid
    from cqs_core.trading.orders import Orders

_LEAST, _MOST = float(np.nextafter(0.0, 1.0)), float(np.finfo(np.float64).max)
_BELOW_ONE = float(np.nextafter(1.0, 0.0))
_REAL = int | float | np.integer | np.floating
_PERCENT = "(5 % is 0.05)"
BOUNDS = {
    "weight": (0.0, 1.0),
    "target": (0.0, 1.0),
    "stop": (_LEAST, _MOST),
    "limit": (_LEAST, _MOST),
    "stop_loss": (0.0, _BELOW_ONE),
    "take_profit": (0.0, 1.0),
    "trailing": (0.0, _BELOW_ONE),
}
"""The least and the greatest value of each field of orders that has numbers."""
_FACTS = {
    "weight": f"must be between 0 and 1 {_PERCENT}",
    "target": f"must be between 0 and 1, or NaN {_PERCENT}",
    "stop": "must be a positive price, or NaN",
    "limit": "must be a positive price, or NaN",
    "stop_loss": f"must be a fraction below 1, or NaN {_PERCENT}",
    "take_profit": f"must be a fraction up to 1, or NaN {_PERCENT}",
    "trailing": f"must be a fraction below 1, or NaN {_PERCENT}",
}
_OF_ENTRIES = ("weight", "stop", "limit")  # elsewhere an array of them means nothing


def check(orders: Orders, grid: Grid) -> None:
    """Raise UsageError at the first cell that has no single meaning."""
    _check_max_cash(orders.max_cash)
    given = {name: orders.array(name, grid.shape) for name in BOUNDS if getattr(orders, name) is not None}
    enter = _entries(orders, given, grid)
    for name, values in given.items():
        low, high = BOUNDS[name]
        if not _within(values, low, high):
            wrong = ~((values >= low) & (values <= high) | np.isnan(values))
            everywhere = name not in _OF_ENTRIES or values.strides == (0, 0)
            _refuse(wrong if everywhere else wrong & enter, f"{name} {_FACTS[name]}", grid, values)
    if "weight" in given and np.isnan(given["weight"].min(initial=1.0)):
        _refuse(np.isnan(given["weight"]) & enter, f"weight {_FACTS['weight']}", grid, given["weight"])
    _check_pairs(orders, given, enter, grid)


def _entries(orders: Orders, given: dict[str, Array], grid: Grid) -> Array:
    """Cells with an entry: if orders have prices, a cell without a price is not an order."""
    enter = orders.array("enter", grid.shape)
    prices = [given[name] for name in ("stop", "limit") if name in given]
    return enter & ~np.logical_and.reduce([np.isnan(p) for p in prices]) if prices else enter


def _check_max_cash(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, _REAL) or not 0 <= value <= 1:
        raise UsageError(f"orders' max_cash is {value!r}; it must be between 0 and 1 (99 % is 0.99)")


def _check_pairs(orders: Orders, given: dict[str, Array], enter: Array, grid: Grid) -> None:
    exits = None if orders.exit is None else orders.array("exit", grid.shape)
    if "target" in given:
        target = given["target"]
        _refuse(enter & ~np.isnan(target), "enter and target are in one cell; use one of them", grid)
        if exits is not None:
            _refuse(exits & (target > 0), "exit and a target above 0 are in one cell; use one of them", grid)
    if "stop" in given and "limit" in given:
        both = enter & ~np.isnan(given["stop"]) & ~np.isnan(given["limit"])
        _refuse(both, "stop and limit are in one cell; use one of them", grid)
    if exits is not None and not orders.priced:
        fact = "enter and exit are in one cell; use one of them, such as enter & ~exit"
        _refuse(enter & exits, fact, grid)


def _within(values: Array, low: float, high: float) -> bool:
    """Whether all but NaN lie between; without temporary arrays, for this is in the way of every run."""
    seen = values[:1, :1] if values.strides == (0, 0) else values
    least, most = np.fmin.reduce(seen, axis=None, initial=high), np.fmax.reduce(seen, axis=None, initial=low)
    return bool(least >= low and most <= high)


def _refuse(bad: Array, fact: str, grid: Grid, values: Array | None = None) -> None:
    if bad.any():
        t, s = np.argwhere(bad)[0].tolist()
        found = "" if values is None else f", not {values[t, s].item()!r}"
        raise UsageError(f"orders at {grid.cell(t, s)}: {fact}{found}")
