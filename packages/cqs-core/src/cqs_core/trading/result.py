"""One backtest, from candles to its result: what engines, pages and the monitor share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import UsageError
from cqs_core.time.clock import iso
from cqs_core.trading.engine import executed
from cqs_core.trading.metrics import Floats, daily_equity, performance, returns
from cqs_core.trading.strategy import orders_of
from cqs_core.trading.trades import OPEN, Trades, positions, round_trips

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles
    from cqs_core.trading.engine import Engine, Execution
    from cqs_core.trading.orders import Costs, Orders
    from cqs_core.trading.strategy import Strategy


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run did.

    Attributes:
        candles: the rows that could trade; warm-up is cut off.
        orders: of those rows.
        execution: equity and fills, by row of `candles`.
        costs: what it paid and started with.
        engine: name of the engine that executed it.
        day_start: ms after 00:00 UTC at which a day of the daily metrics begins.
    """

    candles: Candles
    orders: Orders
    execution: Execution
    costs: Costs
    engine: str
    day_start: int = 0

    @cached_property
    def trades(self) -> Trades:
        """FIFO round trips, open ones last."""
        return round_trips(self.execution.fills, self.candles)

    @cached_property
    def positions(self) -> Trades:
        """Positions from flat to flat, in the order of opening."""
        return positions(self.execution.fills, self.candles)

    @property
    def closed(self) -> Trades:
        """Closed positions."""
        closed: Trades = self.positions[self.positions["exit"] != OPEN]
        return closed

    @cached_property
    def daily_returns(self) -> Floats:
        """Fractions, a day each, starting from capital."""
        _, equity = daily_equity(self.candles.ts, self.execution.equity, self.day_start)
        return returns(equity, self.costs.capital)

    @cached_property
    def performance(self) -> dict[str, float]:
        """See `cqs_core.trading.metrics.performance`."""
        return performance(self)


def simulate(
    strategy: Strategy, candles: Candles, engine: Engine, costs: Costs, *, start: int | None = None, day_start: int = 0
) -> RunResult:
    """Run a strategy: its orders are made on all candles, and executed from the first bar at or after `start` (ms UTC).

    Raises:
        UsageError: no bar opens at or after `start`, or the strategy's orders contradict themselves.
    """
    first = 0 if start is None else int(np.searchsorted(candles.ts, start))
    rows = len(candles.ts)
    if first >= rows:
        raise UsageError(f"no candle opens at or after {iso(start or 0)}; start earlier, or fetch later candles")
    orders = orders_of(strategy, candles).between(first, rows, candles.shape)
    traded = candles.between(first, rows)
    return RunResult(traded, orders, executed(engine, traded, orders, costs), costs, engine.name, day_start)
