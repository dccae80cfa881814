"""What the compiled loop is called with, and the one signature it is compiled for."""

from __future__ import annotations

from typing import Any, NamedTuple

from cqs_backtest.compiled import available


class Bars(NamedTuple):
    """Candles, (T, S) each."""

    open: Any
    high: Any
    low: Any
    close: Any


class Asked(NamedTuple):
    """Orders, (T, S) each, broadcast."""

    exit: Any
    enter: Any
    weight: Any
    stop: Any
    limit: Any
    target: Any
    stop_loss: Any
    take_profit: Any
    trailing: Any


class Terms(NamedTuple):
    """Costs, capital, and the share of cash that may be spent."""

    fee: float
    slip: float
    lot: float
    min_order: float
    capital: float
    max_cash: float


def signature_of_room() -> tuple[Any, ...]:
    """One signature for every layout, since each further one costs seconds; none without numba."""
    if not available:
        return ()
    floats, flags, _ = _types()
    from numba import types

    return (types.int64(floats, flags, floats),)


def signature_of_run() -> tuple[Any, ...]:
    """Likewise."""
    if not available:
        return ()
    import numba
    from numba import types

    from cqs_core import Fill

    floats, flags, row = _types()
    terms = types.NamedUniTuple(types.float64, 6, Terms)  # type: ignore[no-untyped-call]
    fills = types.Array(numba.from_dtype(Fill), 1, "C")
    return (types.int64(*[floats] * 4, flags, flags, *[floats] * 7, terms, fills, row),)


def _types() -> tuple[Any, Any, Any]:
    from numba import types

    floats, flags = (types.Array(t, 2, "A", readonly=True) for t in (types.float64, types.boolean))
    return floats, flags, types.float64[::1]


class Book(NamedTuple):
    """What is held: (S,) each, but `cash` and `count` of one element. `count` is of the fills so far."""

    quantity: Any
    mark: Any
    floor: Any
    ceiling: Any
    trailing: Any
    peak: Any
    inside: Any
    budget: Any
    cash: Any
    count: Any
