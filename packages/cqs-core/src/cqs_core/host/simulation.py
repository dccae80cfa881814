"""One backtest, from candles to its result; strategies and engines of plugins may fail in any way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import CqsError, UsageError
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import fact_of, foreign
from cqs_core.time.clock import iso
from cqs_core.trading.engine import Execution, Fill
from cqs_core.trading.result import RunResult
from cqs_core.trading.strategy import orders_of

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles
    from cqs_core.trading.engine import Engine
    from cqs_core.trading.orders import Costs, Orders
    from cqs_core.trading.strategy import Strategy


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
    orders = orders_of(strategy, candles, first).between(first, rows, candles.shape)
    traded = candles.between(first, rows)
    return RunResult(traded, orders, executed(engine, traded, orders, costs), costs, engine.name, day_start)


def executed(engine: Engine, candles: Candles, orders: Orders, costs: Costs) -> Execution:
    """Execute orders on an engine; an engine of a plugin may fail in any way.

    Raises:
        UsageError: the engine failed, or returned something that is not an execution of these candles.
    """
    if plugins().is_own(plugins().owner("register_engines", engine.name)):
        return engine.execute(candles, orders, costs)
    try:
        with foreign():
            done = engine.execute(candles, orders, costs)
    except CqsError:
        raise
    except Exception as error:
        raise UsageError(f"engine {engine.name!r} failed: {fact_of(error)}; fix its execute()") from error
    equity, fills = getattr(done, "equity", None), getattr(done, "fills", None)
    fits = getattr(equity, "shape", None) == candles.ts.shape and getattr(fills, "dtype", None) == Fill
    if not isinstance(done, Execution) or not fits:
        wanted = f"an Execution with equity of shape {candles.ts.shape} and fills of dtype cqs_core.Fill"
        raise UsageError(f"engine {engine.name!r} returned {type(done).__name__}; execute() must return {wanted}")
    return done
