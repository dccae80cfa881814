"""Trading only while a feature has a value: a filter that any strategy can take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles
    from cqs_core.trading.orders import Orders


def only_in(text: str, orders: Orders, candles: Candles) -> Orders:
    """The same orders inside; outside, nothing is entered and what is held is sold at the open.

    Args:
        text: `regime=bull`, or `regime=bull|calm` for any of several values.
        orders: arrays, as `Orders.aligned` makes them.
        candles: with the feature.

    Raises:
        UsageError: the text is not a filter; or the feature never has such a value.
        UnknownName: the candles have no such feature.
    """
    name, wanted = read_filter(text)
    inside = _inside(candles.feature(name), wanted, text)
    inside = np.broadcast_to(inside[:, None] if inside.ndim == 1 else inside, candles.shape)
    changed: dict[str, Any] = {"exit": orders.array("exit", candles.shape) | ~inside}
    if orders.enter is not None:
        changed["enter"] = orders.array("enter", candles.shape) & inside
    for field in ("stop", "limit"):
        if getattr(orders, field) is not None:
            changed[field] = np.where(inside, orders.array(field, candles.shape), np.nan)
    if orders.target is not None:
        changed["target"] = np.where(inside, orders.array("target", candles.shape), 0.0)
    return replace(orders, **changed).aligned(candles)


def read_filter(text: str) -> tuple[str, tuple[str, ...]]:
    """Name of the feature, and the values that count.

    Raises:
        UsageError: the text is not a filter.

    >>> read_filter("regime=bull|calm")
    ('regime', ('bull', 'calm'))
    """
    name, equals, values = text.partition("=")
    wanted = tuple(value.strip() for value in values.split("|"))
    if not name.strip() or not equals or not all(wanted):
        raise UsageError(f"only_in is {text!r}; write a feature and its value, such as regime=bull or regime=bull|calm")
    return name.strip(), wanted


def _inside(values: npt.NDArray[Any], wanted: tuple[str, ...], text: str) -> npt.NDArray[np.bool_]:
    if values.dtype.kind == "U":
        return np.isin(values, wanted)
    try:
        numbers = [float(value) for value in wanted]
    except ValueError:
        raise UsageError(f"only_in is {text!r}, but the feature has numbers; write one, such as 1") from None
    return np.isin(values, numbers)
