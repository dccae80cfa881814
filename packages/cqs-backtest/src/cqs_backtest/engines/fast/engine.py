"""The fast engine: the same rules as one compiled loop. It shares types with the reference, and no decision."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core import Execution, Fill

if TYPE_CHECKING:
    from cqs_core import Candles, Costs, Orders


@dataclass(frozen=True)
class FastEngine:
    """Executes orders in compiled code; in plain Python, and says so once, where numba is not installed."""

    name: str = "fast"

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Fills and equity; see `cqs_core.trading.engine` for the rules."""
        from cqs_backtest.compiled import available
        from cqs_backtest.engines.fast.kernel import run
        from cqs_backtest.engines.fast.types import BARS, ORDERS, Terms

        if not available:
            _say_slow()
        loop: Any = run
        arrays = [np.ascontiguousarray(getattr(candles, name)) for name in BARS]
        arrays += [orders.array(name, candles.shape) for name in ORDERS]
        share = np.inf if costs.max_volume_share is None else costs.max_volume_share
        terms = (
            costs.fee,
            costs.slip,
            costs.lot,
            costs.min_order,
            costs.capital,
            orders.max_cash,
            orders.priced,
            share,
        )
        fills = np.zeros(_most_fills(orders, candles.shape, share), Fill)
        equity = np.empty(len(candles.ts))
        ends = _ends(candles) if costs.on_end == "sell" else np.full(candles.shape[1], -1)
        count = loop(*arrays, ends, Terms(*map(float, terms)), fills, equity)
        return Execution(equity, fills[:count].copy())


def _ends(candles: Candles) -> npt.NDArray[np.int64]:
    """(S,): the row of each symbol's last bar, where others go on; else -1."""
    rows = len(candles.ts)
    last = rows - 1 - np.argmax(candles.present[::-1], axis=0)
    return np.where(candles.present.any(axis=0) & (last < rows - 1), last, -1).astype(np.int64)


def _most_fills(orders: Orders, shape: tuple[int, int], share: float) -> int:
    """Every fill is asked for, or ends something that was; and one more, into which the loop may look ahead.

    Where volume limits fills, an exit may take many: three a bar at most, at the open, inside it and at the end.
    """
    asked = np.count_nonzero(orders.array("enter", shape))
    if orders.target is not None:
        asked += np.count_nonzero(orders.array("target", shape) > 0)
    parts = 3 * shape[0] * shape[1] if share < np.inf else 0
    return 2 * int(asked) + parts + 1


@functools.cache
def _say_slow() -> None:
    print("cqs: numba is not installed; the fast engine runs in plain Python, 100 times slower", file=sys.stderr)  # noqa: T201
