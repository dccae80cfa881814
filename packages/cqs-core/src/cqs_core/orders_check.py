"""Refuses orders that no engine could execute with one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.orders import Array, Orders

_LEAST, _MOST = np.nextafter(0.0, 1.0), np.finfo(np.float64).max
_BELOW_ONE = np.nextafter(1.0, 0.0)
_RANGES = {
    "weight": (0.0, 1.0, "must be between 0 and 1"),
    "target": (0.0, 1.0, "must be between 0 and 1, or NaN"),
    "stop": (_LEAST, _MOST, "must be a positive price, or NaN"),
    "limit": (_LEAST, _MOST, "must be a positive price, or NaN"),
    "stop_loss": (0.0, _BELOW_ONE, "must be a fraction, or NaN"),
    "take_profit": (0.0, _MOST, "must be a fraction, or NaN"),
    "trailing": (0.0, _BELOW_ONE, "must be a fraction, or NaN"),
}
_OF_ENTRIES = ("weight", "stop", "limit")  # elsewhere they mean nothing


def check(orders: Orders, shape: tuple[int, int]) -> None:
    """Raise UsageError at the first cell that has no single meaning."""
    if not 0 <= orders.max_cash <= 1:
        raise UsageError(f"orders' max_cash is {orders.max_cash!r}; it must be between 0 and 1")
    given = {name: orders.array(name, shape) for name in _RANGES if getattr(orders, name) is not None}
    enter = orders.array("enter", shape)
    for name, values in given.items():
        low, high, fact = _RANGES[name]
        if not _within(values, low, high):
            wrong = ~((values >= low) & (values <= high) | np.isnan(values))
            _refuse(wrong & enter if name in _OF_ENTRIES else wrong, f"{name} {fact}")
    if np.isnan(given["weight"].min(initial=1.0)):
        _refuse(np.isnan(given["weight"]) & enter, "weight must be between 0 and 1")
    _check_pairs(given, enter)


def _check_pairs(given: dict[str, Array], enter: Array) -> None:
    if "target" in given:
        _refuse(enter & ~np.isnan(given["target"]), "enter and target are in one cell; use one of them")
    if "stop" in given and "limit" in given:
        both = enter & ~np.isnan(given["stop"]) & ~np.isnan(given["limit"])
        _refuse(both, "stop and limit are in one cell; use one of them")


def _within(values: Array, low: float, high: float) -> bool:
    """Whether all but NaN lie between; without temporary arrays, for this is in the way of every run."""
    seen = values[:1, :1] if values.strides == (0, 0) else values
    least, most = np.fmin.reduce(seen, axis=None, initial=high), np.fmax.reduce(seen, axis=None, initial=low)
    return bool(least >= low and most <= high)


def _refuse(bad: Array, fact: str) -> None:
    if bad.any():
        t, s = np.argwhere(bad)[0]
        raise UsageError(f"orders at bar {t}, column {s}: {fact}")
