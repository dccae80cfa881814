"""Closed round trips summed by what they have in common: why they were sold, or their symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core.trading.metrics import wins

if TYPE_CHECKING:
    import pandas as pd


class TradeGroup(NamedTuple):
    """Closed round trips of one kind.

    Attributes:
        name: of the kind.
        trades: how many.
        win_rate: percent of them.
        pnl: of all, quote currency.
        mean_return: percent.
        mean_bars: that they were held.
    """

    name: str
    trades: int
    win_rate: float
    pnl: float
    mean_return: float
    mean_bars: float


def trade_groups(trades: pd.DataFrame, by: str) -> list[TradeGroup]:
    """The groups, the one with most trades first.

    Args:
        trades: round trips, as in `trades.parquet`.
        by: the column that they have in common: `reason` or `symbol`.
    """
    closed = trades[trades["exit_time"].notna()]
    closed = closed.assign(won=wins(closed["pnl"].to_numpy(), closed["return_pct"].to_numpy()))
    found = [
        TradeGroup(
            str(name),
            len(part),
            100 * float(part["won"].mean()),
            float(part["pnl"].sum()),
            float(part["return_pct"].mean()),
            float(part["bars"].mean()),
        )
        for name, part in closed.groupby(by)
    ]
    return sorted(found, key=lambda one: (-one.trades, one.name))
