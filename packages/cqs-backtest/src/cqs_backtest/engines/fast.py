"""The fast engine: the same rules as one compiled loop. It shares types with the reference, and no decision."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import Execution, Fill

if TYPE_CHECKING:
    from cqs_core import Candles, Costs, Orders


@dataclass(frozen=True)
class FastEngine:
    """Executes orders in compiled code; in plain Python, and says so once, where numba is not installed."""

    name: str = "fast"

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Fills and equity; see `cqs_core.engine` for the rules."""
        from cqs_backtest.compiled import available
        from cqs_backtest.engines.fast_kernel import room, run
        from cqs_backtest.engines.fast_types import Asked, Bars, Terms

        if not available:
            _say_slow()
        bars = Bars(*(np.ascontiguousarray(getattr(candles, name)) for name in Bars._fields))
        asked = Asked(*(orders.array(name, candles.shape) for name in Asked._fields))
        terms = Terms(*map(float, (costs.fee, costs.slip, costs.lot, costs.min_order, costs.capital, orders.max_cash)))
        fills = np.empty(room(bars.open, asked.enter, asked.target), Fill)
        equity = np.empty(len(candles.ts))
        count = run(*bars, *asked, terms, fills, equity)
        return Execution(equity, fills[:count].copy())


@functools.cache
def _say_slow() -> None:
    print("cqs: numba is not installed; the fast engine runs in plain Python, 100 times slower", file=sys.stderr)  # noqa: T201
