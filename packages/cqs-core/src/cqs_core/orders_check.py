"""Refuses orders that no engine could execute with one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.orders import Array, Orders

_PROTECTIVE = ("stop_loss", "take_profit", "trailing")


def check(orders: Orders, shape: tuple[int, int]) -> None:
    """Raise UsageError at the first cell that has no single meaning."""
    if not 0 <= orders.max_cash <= 1:
        raise UsageError(f"orders' max_cash is {orders.max_cash!r}; it must be between 0 and 1")
    enter = orders.array("enter", shape)
    stop, limit, target = (orders.array(name, shape) for name in ("stop", "limit", "target"))
    _refuse(~_share(orders.array("weight", shape)) & enter, "weight must be between 0 and 1")
    _refuse(~(_share(target) | np.isnan(target)), "target must be between 0 and 1, or NaN")
    _refuse(enter & ~np.isnan(target), "enter and target are in one cell; use one of them")
    _refuse(enter & ~np.isnan(stop) & ~np.isnan(limit), "stop and limit are in one cell; use one of them")
    for name, price in (("stop", stop), ("limit", limit)):
        _refuse(enter & ((price <= 0) | np.isinf(price)), f"{name} must be a positive price, or NaN")
    for name in _PROTECTIVE:
        value = orders.array(name, shape)
        top = np.inf if name == "take_profit" else 1.0
        _refuse(~(np.isnan(value) | ((value >= 0) & (value < top))), f"{name} must be a fraction, or NaN")


def _share(x: Array) -> Array:
    return np.asarray((x >= 0) & (x <= 1))


def _refuse(bad: Array, fact: str) -> None:
    if bad.any():
        t, s = np.argwhere(bad)[0]
        raise UsageError(f"orders at bar {t}, column {s}: {fact}")
