"""One backtest, from candles to its result: what engines, pages and the monitor share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cqs_core.trading.metrics import Daily, Floats, daily_of, performance
from cqs_core.trading.trades import OPEN, Trades, positions, round_trips

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles
    from cqs_core.trading.engine import Execution
    from cqs_core.trading.orders import Costs, Orders


@dataclass(frozen=True, eq=False)
class RunResult:
    """The result of a run.

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
        """Positions from flat to flat, by entry bar."""
        return positions(self.execution.fills, self.candles)

    @property
    def closed(self) -> Trades:
        """Closed positions."""
        closed: Trades = self.positions[self.positions["exit"] != OPEN]
        return closed

    @cached_property
    def daily(self) -> Daily:
        """Returns by day, starting from capital."""
        return daily_of(self.candles.ts, self.execution.equity, self.costs.capital, self.day_start)

    @property
    def daily_returns(self) -> Floats:
        """Fractions, a day each, starting from capital."""
        return self.daily.returns

    @cached_property
    def performance(self) -> dict[str, float]:
        """See `cqs_core.trading.metrics.performance`."""
        return performance(self)
