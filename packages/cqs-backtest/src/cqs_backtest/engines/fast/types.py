"""State and arguments of the compiled loop, and the one signature it is compiled for.

Records instead of objects: a record is a pointer, so that functions take it without counting references, which would
cost more than all they do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cqs_backtest.compiled import available

HELD = np.dtype(
    [
        ("floor", np.float64),
        ("ceiling", np.float64),
        ("trailing", np.float64),
        ("peak", np.float64),
        ("budget", np.float64),
        ("room", np.float64),
        ("inside", np.int64),
        ("leaving", np.int64),
    ]
)
"""One symbol: position, last close, protective levels, and what it would spend and may trade in this bar.

`leaving` is the reason of an exit that is not over, or -1.
"""

PURSE = np.dtype([("cash", np.float64), ("count", np.int64)])
"""Cash, and how many fills there are so far."""


class Terms(NamedTuple):
    """Costs, capital, the share of cash that may be spent, whether (1) entries have prices, and the share of volume.

    Without a limit that share is inf.
    """

    fee: float
    slip: float
    lot: float
    min_order: float
    capital: float
    max_cash: float
    priced: float
    limits: float
    targets: float
    guarded: float
    share: float


BARS = ("open", "high", "low", "close", "volume")
ORDERS = ("exit", "enter", "weight", "stop", "limit", "target", "stop_loss", "take_profit", "trailing")


def signature_of_run() -> tuple[Any, ...]:
    """Bars, exit and enter, seven further orders, steps, rows of ends, terms, fills, equity; one for every layout.

    Each further one would cost seconds. None without numba.
    """
    if not available:
        return ()
    import numba
    from numba import types

    from cqs_core import Fill

    floats, flags = (types.Array(kind, 1, "C", readonly=True) for kind in (types.float64, types.boolean))
    terms = types.NamedUniTuple(types.float64, len(Terms._fields), Terms)  # type: ignore[no-untyped-call]
    fills = types.Array(numba.from_dtype(Fill), 1, "C")
    steps = types.UniTuple(types.uint64, len(ORDERS))  # type: ignore[no-untyped-call]
    ends = types.int64[::1]
    return (types.int64(*[floats] * 5, flags, flags, *[floats] * 7, steps, ends, terms, fills, types.float64[::1]),)
