"""The fast engine: the rules of execution as one compiled loop. It shares only types with the reference."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core import Execution, Fill

if TYPE_CHECKING:
    from cqs_backtest.engines.fast.types import Terms
    from cqs_core import Candles, Costs, Orders

ONE_FOR_ALL, ONE_A_CELL = np.uint64(0), np.uint64(1)
"""Steps of the loop through a field of orders."""


@dataclass(frozen=True)
class FastEngine:
    """Executes orders in compiled code; in plain Python, and says so once, where numba is not installed."""

    name: str = "fast"

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Execute orders; see `cqs_core.trading.engine` for the rules."""
        from cqs_backtest.compiled import available
        from cqs_backtest.engines.fast.kernel import run
        from cqs_backtest.engines.fast.types import BARS, ORDERS

        if not available:
            _say_slow()
        loop: Any = run
        bars = [np.ascontiguousarray(getattr(candles, name)).ravel() for name in BARS]
        asked, steps = zip(*(_flat(orders.array(name, candles.shape)) for name in ORDERS), strict=True)
        terms = terms_of(orders, costs)
        fills = np.zeros(_most_fills(orders, candles.shape, terms.share), Fill)
        equity = np.empty(len(candles.ts))
        count = loop(*bars, *asked, steps, ends_of(candles, costs), terms, fills, equity)
        return Execution(equity, fills[:count].copy())


def terms_of(orders: Orders, costs: Costs) -> Terms:
    """Arguments of the loop that are fixed for a run."""
    from cqs_backtest.engines.fast.types import Terms

    flags = [orders.priced, orders.limit is not None, orders.target is not None]
    protective = (orders.stop_loss, orders.take_profit, orders.trailing)
    share = np.inf if costs.max_volume_share is None else costs.max_volume_share
    flags += [share < np.inf or any(value is not None for value in protective)]
    money = (costs.fee, costs.slip, costs.lot, costs.min_order, costs.capital, orders.max_cash)
    return Terms(*map(float, (*money, *flags, share)))


def ends_of(candles: Candles, costs: Costs) -> npt.NDArray[np.int64]:
    """(S,): the row at whose close a symbol is sold, because it has no more candles; -1 where it is not."""
    return _ends(candles) if costs.on_end == "sell" else np.full(candles.shape[1], -1)


def _flat(array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], np.uint64]:
    """Every cell in C order and 1; or one value that holds for all of them and 0."""
    if array.strides == (0, 0) or array.size == 1:
        return np.ascontiguousarray(array[:1, :1]).reshape(1), ONE_FOR_ALL
    return np.ascontiguousarray(array).reshape(-1), ONE_A_CELL


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
