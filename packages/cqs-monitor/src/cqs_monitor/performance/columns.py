"""The trades of a snapshot as numpy arrays, which all sums are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cqs_monitor.logs.days import hours, local_days, read_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from cqs_core import LogFormat
    from cqs_monitor.logs.snapshot import Snapshot

TRADING = "trading"
"""Days as each format's trading day has them."""


@dataclass(frozen=True, eq=False)
class Columns:
    """N rows of trades.

    Attributes:
        account: int32, index into `accounts`.
        day: int64, days since 1970-01-01: the bot's own date, or the trading day.
        timestamp: int64, microseconds, UTC.
        sell: bool.
        profit: float64, in the account's currency, gross of fees; 0 on a BUY.
        amount: float64, in the account's currency.
        accounts: names by index.
        formats: of the accounts, by index.
        table: where the rest is.
    """

    account: npt.NDArray[np.int32]
    day: npt.NDArray[np.int64]
    timestamp: npt.NDArray[np.int64]
    sell: npt.NDArray[np.bool_]
    profit: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]
    accounts: tuple[str, ...]
    formats: tuple[LogFormat, ...]
    table: pa.Table

    def where(self, rows: npt.NDArray[Any]) -> Columns:
        """Some of the rows, by mask or by index."""
        arrays = {
            name: getattr(self, name)[rows] for name in ("account", "day", "timestamp", "sell", "profit", "amount")
        }
        return replace(
            self, **arrays, table=self.table.filter(pa.array(rows)) if rows.dtype == bool else self.table.take(rows)
        )

    @property
    def fee(self) -> npt.NDArray[np.float64]:
        """(N,): what each row is taken to have cost, an estimate by its format: logs have no fees."""
        return self.rates * self.amount

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """(N,): the fee rate of each row's format, a fraction."""
        return np.array([form.fee for form in self.formats], np.float64)[self.account]

    @property
    def names(self) -> npt.NDArray[np.object_]:
        """(N,): each row's account."""
        return np.array([*self.accounts, ""], dtype=object)[self.account]

    def value(self, *, net: bool) -> npt.NDArray[np.float64]:
        """(N,): profit of each row as logged, or less its own estimated fee, so that any sum of them is net."""
        return self.profit - self.fee if net else self.profit

    def net_sales(self) -> npt.NDArray[np.float64]:
        """(N,): profit of each row less the estimated fees of its sale and of what was bought for it."""
        return np.asarray(self.profit - self.rates * (2 * self.amount - self.profit))

    def hours(self) -> npt.NDArray[np.int64]:
        """(N,): hour of the day of each row, on its bot's clock."""
        return by_format(self.formats, self.account, self.timestamp, lambda form, at: hours(at, form.zone))

    def of(self, accounts: Collection[str]) -> Columns:
        """The rows of some accounts."""
        if set(accounts) >= set(self.accounts):
            return self
        return self.where(np.array([name in accounts for name in self.accounts], bool)[self.account])

    @property
    def currencies(self) -> list[str]:
        """Currencies of all accounts."""
        return sorted({form.currency for form in self.formats})

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


def by_format(
    formats: tuple[LogFormat, ...],
    account: npt.NDArray[np.int32],
    timestamp: npt.NDArray[np.int64],
    clock: Callable[[LogFormat, npt.NDArray[np.int64]], npt.NDArray[np.int64]],
) -> npt.NDArray[np.int64]:
    """What the clock of each row's format says of its time."""
    found = np.zeros(len(timestamp), np.int64)
    for form in dict.fromkeys(formats):
        mine = np.array([one is form for one in formats], bool)[account]
        found[mine] = clock(form, timestamp[mine])
    return found


def columns_of(snapshot: Snapshot, day_start: int | str | None = None) -> Columns:
    """The snapshot's trades.

    Args:
        snapshot: what was read.
        day_start: microseconds after midnight, in each bot's zone, at which days begin; `TRADING` takes each format's
            own; None takes the dates that the bots wrote.
    """
    table = snapshot.table
    timestamp = table["timestamp"].cast(pa.int64()).to_numpy()
    formats = tuple(snapshot.formats[name] for name in snapshot.accounts)

    def days(form: LogFormat, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return local_days(at, form.zone, start_of_day(form, day_start))

    own = day_start is None
    return Columns(
        account=snapshot.account,
        day=table["date"].cast(pa.int32()).to_numpy().astype(np.int64)
        if own
        else by_format(formats, snapshot.account, timestamp, days),
        timestamp=timestamp,
        sell=table["sell"].to_numpy(),
        profit=np.nan_to_num(table["profit"].to_numpy()),
        amount=table["amount"].to_numpy(),
        accounts=snapshot.accounts,
        formats=formats,
        table=table,
    )


def start_of_day(form: LogFormat, day_start: int | str | None) -> int:
    """Microseconds after midnight in the format's zone."""
    return read_clock(form.day_start) if day_start == TRADING else int(day_start or 0)
