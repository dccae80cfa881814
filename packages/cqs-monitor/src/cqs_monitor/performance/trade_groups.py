"""Trades in groups: how many, how many sales won, and what they earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.logs.snapshot import Rows

Group = Literal["symbol", "day", "account"]
GROUPS: tuple[Group, ...] = ("symbol", "day", "account")


@dataclass(frozen=True)
class TradeTotals:
    """Figures of some trades.

    Attributes:
        trades: their number, of which `sales` are sales.
        won: percent of the sales; None without any.
        pnl: realized, in the accounts' currency.
    """

    trades: int
    sales: int
    won: float | None
    pnl: float


def trade_totals(rows: Rows, *, net: bool) -> TradeTotals:
    """All of them together."""
    sales = int(rows.sell.sum())
    won = 100 * int(rows.won(net=net).sum()) / sales if sales else None
    return TradeTotals(len(rows.sell), sales, won, float(rows.value(net=net).sum()))


def trade_groups(rows: Rows, by: Group, *, net: bool) -> pd.DataFrame:
    """One row a group: group, pnl, sales, won (percent, NaN without sales), trades, amount.

    Days are listed newest first, symbols and accounts by the size of what they earned or lost.
    """
    import pandas as pd

    places, names = _keys(rows, by)

    def summed(weights: Any = None) -> Any:
        return np.bincount(places, weights=weights, minlength=len(names)).astype(np.float64)

    sales, pnl = summed(rows.sell), summed(rows.value(net=net))
    won = np.where(sales > 0, 100 * summed(rows.won(net=net)) / np.maximum(sales, 1), np.nan)
    figures = {"pnl": pnl, "sales": sales, "won": won, "trades": summed(), "amount": summed(rows.amount)}
    frame = pd.DataFrame({"group": pd.Series(names, dtype="str"), **figures})
    order = np.argsort(names)[::-1] if by == "day" else np.argsort(-np.abs(pnl), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _keys(rows: Rows, by: Group) -> tuple[Any, list[str]]:
    if by == "symbol":
        return rows.symbols()
    if by == "account":
        return rows.account, list(rows.accounts)
    days, places = np.unique(rows.day, return_inverse=True)
    return places, np.datetime_as_string(days.astype("datetime64[D]")).tolist()
