"""Orders: what a strategy wants done in each bar, and what it costs. The engine alone decides what fills.

The rules of execution are written down, once, in the module docstring of `cqs_core.engine`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cqs_core.errors import UsageError

Array = npt.NDArray[Any]
_BOOLS = ("exit", "enter")


@dataclass(frozen=True, eq=False)
class Orders:
    """Arrays (T, S), or whatever broadcasts to that.

    Bar *t* may use everything up to the close of *t-1*, and the open of *t*.

    Attributes:
        exit: bool, leave at the open.
        enter: bool, enter if flat: at the open, or at `stop` or `limit` where given.
        weight: 0..1, the share of equity that an entry gets.
        stop: buy-stop price above the open; NaN is no order.
        limit: buy-limit price below the open; NaN is no order. Not with `stop` in one cell.
        target: share of equity to hold from this open on; NaN leaves alone, 0 leaves. Not with `enter` in one cell.
        stop_loss: fraction below the entry price, latched from the entry bar; NaN is none.
        take_profit: fraction above the entry price, latched likewise.
        trailing: fraction below the highest price since entry, latched likewise.
        max_cash: 0..1, the share of cash that purchases may spend, one number a run.
    """

    exit: Array | None = None
    enter: Array | None = None
    weight: Array | float = 1.0
    stop: Array | None = None
    limit: Array | None = None
    target: Array | None = None
    stop_loss: Array | float | None = None
    take_profit: Array | float | None = None
    trailing: Array | float | None = None
    max_cash: float = 1.0

    def array(self, name: str, shape: tuple[int, int]) -> Array:
        """One field, read-only, broadcast to `shape`; an absent one is False, NaN, or the weight 1."""
        value = getattr(self, name)
        if value is None:
            value = False if name in _BOOLS else np.nan
        dtype = np.bool_ if name in _BOOLS else np.float64
        try:
            return np.broadcast_to(np.asarray(value, dtype=dtype), shape)
        except ValueError:
            raise UsageError(f"orders' {name} has shape {np.shape(value)}; it must broadcast to {shape}") from None

    def between(self, start: int, stop: int, shape: tuple[int, int]) -> Self:
        """Rows `start:stop` of orders made for candles of `shape`."""
        return type(self)(**{f.name: _cut(getattr(self, f.name), start, stop, shape) for f in fields(self)})

    def validate(self, shape: tuple[int, int]) -> Self:
        """These orders, if an engine can execute them.

        Raises:
            UsageError: a weight outside 0..1, an order that contradicts another in its cell, a wrong shape.
        """
        from cqs_core.orders_check import check

        check(self, shape)
        return self


def _cut(value: Any, start: int, stop: int, shape: tuple[int, int]) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[0] == shape[0] != 1:
        return value[start:stop]
    return value


@dataclass(frozen=True)
class Costs:
    """What trading costs and what a run starts with.

    Attributes:
        fee: fraction of a fill's value, a side.
        slip: fraction by which a fill is worse than its price, a side; limit and take-profit fills never slip.
        lot: quantities are multiples of it; 0 is none.
        min_order: smallest value of an order in quote currency; 0 is none.
        capital: cash at the start, in quote currency.
    """

    fee: float = 0.0005
    slip: float = 0.0005
    lot: float = 0.0
    min_order: float = 0.0
    capital: float = 10_000_000.0

    def __post_init__(self) -> None:
        for name in ("fee", "slip"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be a fraction from 0 up to 1")
        for name in ("lot", "min_order"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be 0 or more")
        if not 0 < self.capital < float("inf"):
            raise UsageError(f"capital is {self.capital!r}; it must be more than 0")
