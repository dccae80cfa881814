"""The backtest to compare with, on candles of the lake. Strategy and engine come from the plugin host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Costs, Lake, RunResult, Strategy, UsageError, plugins, simulate
from cqs_core.trading import OPEN, guarded
from cqs_monitor.compare.position import Traded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core import Bucket, Engine
    from cqs_core.lake import LeftOut

ENGINES = ("fast", "bt")
"""In the order in which they are taken."""


@dataclass(frozen=True)
class StrategySetup:
    """A strategy and what executes it.

    Attributes:
        strategy: with its parameters.
        engine: any; they agree.
        exchange: of the candles; empty for that of the account's log format, else the configured one.
        interval: of the candles.
    """

    strategy: Strategy
    engine: Engine
    exchange: str
    interval: str = "1d"


def find_setup(name: str, parameters: Mapping[str, Any], exchange: str = "", interval: str = "1d") -> StrategySetup:
    """A strategy by name, and an engine.

    Raises:
        UnknownName: no strategy of that name, or no such parameter.
        UsageError: a parameter out of its bounds, or no engine; the message says what to install.
    """
    strategy = plugins().strategy(name).with_parameters(parameters)
    engines = plugins().engines()
    if not engines:
        raise UsageError("no engine is installed to run a strategy; install cqs-backtest")
    chosen = next((engine for engine in ENGINES if engine in engines), next(iter(engines)))
    return StrategySetup(strategy, engines[chosen], exchange, interval)


def run(
    setup: StrategySetup,
    bucket: Bucket,
    markets: Sequence[str],
    start: int,
    end: int | None,
    costs: Costs,
    tell: Callable[[LeftOut], None] = lambda _: None,
) -> RunResult:
    """The strategy's run over `[start, end)`, ms UTC; it sees all earlier candles.

    `tell` is called with the bars of a market that were left out as incomplete.

    Raises:
        UsageError: a market has no candles in these dates.
    """
    seen = references(setup.strategy, markets)
    candles = Lake(bucket).candles(setup.exchange, markets, setup.interval, end=end, references=seen, tell=tell)
    return simulate(setup.strategy, candles, setup.engine, costs, start=start)


def references(strategy: Strategy, markets: Sequence[str]) -> Sequence[str]:
    """Markets that the strategy sees besides those that it trades."""
    with guarded(strategy, "references"):
        return strategy.references(markets)


def positions(result: RunResult) -> list[Traded]:
    """The run's positions, by entry."""
    return [_traded(row, result) for row in result.positions]


def target(result: RunResult, position: Traded) -> float | None:
    """The strategy's entry price: its stop or limit; None for an entry at the open."""
    shape = result.candles.shape
    column = result.candles.symbols.index(position.market)
    for name in ("stop", "limit"):
        price = float(result.orders.array(name, shape)[position.entry_bar, column])
        if np.isfinite(price):
            return price
    return None


def _traded(row: Any, result: RunResult) -> Traded:
    """The position; its average exit price follows from what it earned, partial sales included."""
    ts, held = result.candles.ts, row["exit"] == OPEN
    earned = float(row["pnl"]) + float(row["fees"])
    return Traded(
        market=result.candles.symbols[int(row["symbol"])],
        entry_bar=int(row["entry"]),
        exit_bar=None if held else int(row["exit"]),
        entry_at=int(ts[row["entry"]]),
        exit_at=None if held else int(ts[row["exit"]]),
        entry_price=float(row["entry_price"]),
        exit_price=float(row["entry_price"]) + earned / float(row["quantity"]),
        quantity=float(row["quantity"]),
        fees=float(row["fees"]),
    )
