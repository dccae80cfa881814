"""The trades of a snapshot as numpy arrays, which all sums are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cqs_monitor.logs.days import trading_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.logs.snapshot import Snapshot

FEE = 0.0005
"""Fraction of `amount` that a row is taken to have cost. The log has no fees: whatever uses this is an estimate."""


@dataclass(frozen=True, eq=False)
class Columns:
    """N rows of trades.

    Attributes:
        account: int32, index into `accounts`.
        day: int64, days since 1970-01-01: the bot's own date, or the trading day.
        timestamp: int64, microseconds, UTC.
        sell: bool.
        profit: float64, KRW gross of fees; 0 on a BUY.
        amount: float64, KRW.
        accounts: names by index.
        table: where the rest is.
    """

    account: npt.NDArray[np.int32]
    day: npt.NDArray[np.int64]
    timestamp: npt.NDArray[np.int64]
    sell: npt.NDArray[np.bool_]
    profit: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]
    accounts: tuple[str, ...]
    table: pa.Table

    def where(self, rows: npt.NDArray[Any]) -> Columns:
        """Some of the rows, by mask or by index."""
        arrays = {
            name: getattr(self, name)[rows] for name in ("account", "day", "timestamp", "sell", "profit", "amount")
        }
        return replace(
            self, **arrays, table=self.table.filter(pa.array(rows)) if rows.dtype == bool else self.table.take(rows)
        )

    def net(self) -> Columns:
        """The same rows less their estimated fees: each row bears its own, so that any sum of them is net."""
        return replace(self, profit=self.profit - FEE * self.amount)

    def net_sales(self) -> npt.NDArray[np.float64]:
        """(N,) KRW: profit of each row less the estimated fees of its sale and of what was bought for it."""
        return np.asarray(self.profit - FEE * (2 * self.amount - self.profit))

    def by_account(self) -> Iterator[tuple[str, Columns]]:
        """The rows of each account; empty ones too."""
        order = np.argsort(self.account, kind="stable")
        ends = np.searchsorted(self.account[order], np.arange(len(self.accounts) + 1))
        for index, name in enumerate(self.accounts):
            yield name, self.where(order[ends[index] : ends[index + 1]])

    def symbols(self) -> tuple[npt.NDArray[np.int32], list[str]]:
        """(N,) index of each row's symbol, and the symbols."""
        encoded: Any = pc.dictionary_encode(self.table["symbol"].combine_chunks())
        return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def columns_of(snapshot: Snapshot, day_start: int | None = None) -> Columns:
    """The snapshot's trades.

    Args:
        snapshot: what was read.
        day_start: microseconds after midnight KST at which days begin; None takes the bot's own dates.
    """
    table = snapshot.table
    timestamp = table["timestamp"].cast(pa.int64()).to_numpy()
    own = table["date"].cast(pa.int32()).to_numpy().astype(np.int64)
    return Columns(
        account=snapshot.account,
        day=own if day_start is None else trading_days(timestamp, day_start),
        timestamp=timestamp,
        sell=table["sell"].to_numpy(),
        profit=np.nan_to_num(table["profit_krw"].to_numpy()),
        amount=table["amount"].to_numpy(),
        accounts=snapshot.accounts,
        table=table,
    )
