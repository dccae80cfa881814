"""All logs of a bucket at one moment. Their rows are held here alone: every figure is made of `Rows`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cqs_core.trading.metrics import wins
from cqs_monitor.logs.days import hours, local_days, read_clock
from cqs_monitor.logs.state import ABSENT, Heartbeat, Positions, RuntimeState
from cqs_monitor.logs.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from cqs_core import LogFormat
    from cqs_monitor.logs.layout import Layout, LogFile
    from cqs_monitor.logs.problems import Problem
    from cqs_monitor.logs.state import BotError

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

TRADES = ROWS.append(pa.field("account", pa.int32()))
"""`table.SCHEMA` with the account's index in place of the file's."""

_NO_HEARTBEAT = Heartbeat("absent")
TRADING = "trading"
"""Days as each format's trading day has them."""


@dataclass(frozen=True, eq=False)
class Rows:
    """N trades, and their columns as arrays (N,).

    Attributes:
        table: in `TRADES`.
        accounts: names by index.
        formats: of the accounts, by index.
        day_start: microseconds after midnight, in each bot's zone, at which days begin; `TRADING` takes each format's
            own; None takes the dates that the bots wrote.
    """

    table: pa.Table
    accounts: tuple[str, ...] = ()
    formats: tuple[LogFormat, ...] = ()
    day_start: int | str | None = None

    @cached_property
    def account(self) -> npt.NDArray[np.int32]:
        """Index into `accounts`."""
        return self.table["account"].to_numpy()

    @cached_property
    def timestamp(self) -> Ints:
        """Microseconds, UTC."""
        return self.table["timestamp"].cast(pa.int64()).to_numpy()

    @property
    def ts(self) -> Ints:
        """Milliseconds, UTC."""
        return self.timestamp // 1000

    @cached_property
    def day(self) -> Ints:
        """Days since 1970-01-01: the bot's own date, or the trading day."""
        if self.day_start is None:
            return self.table["date"].cast(pa.int32()).to_numpy().astype(np.int64)
        return self.by_format(lambda form, at: local_days(at, form.zone, start_of_day(form, self.day_start)))

    @cached_property
    def sell(self) -> npt.NDArray[np.bool_]:
        return self.table["sell"].to_numpy()

    @cached_property
    def amount(self) -> Floats:
        """In the account's currency, gross of fees."""
        return self.table["amount"].to_numpy()

    @cached_property
    def profit(self) -> Floats:
        """In the account's currency, gross of fees; 0 on a BUY."""
        return np.asarray(np.nan_to_num(self.table["profit"].to_numpy()))

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Index into `accounts` by name."""
        return {name: index for index, name in enumerate(self.accounts)}

    @property
    def names(self) -> npt.NDArray[np.object_]:
        """Each row's account."""
        return np.array([*self.accounts, ""], dtype=object)[self.account]

    @property
    def currencies(self) -> npt.NDArray[np.object_]:
        """Each row's currency."""
        return np.array([form.currency for form in self.formats], dtype=object)[self.account]

    @property
    def rates(self) -> Floats:
        """The fee rate of each row's format, a fraction."""
        return np.array([form.fee for form in self.formats], np.float64)[self.account]

    @property
    def fee(self) -> Floats:
        """The estimated fee of each row, by its format: logs have no fees."""
        return self.rates * self.amount

    def value(self, *, net: bool) -> Floats:
        """Profit of each row as logged, or less its own estimated fee, so that any sum of them is net."""
        return self.profit - self.fee if net else self.profit

    def net_sales(self) -> Floats:
        """Profit of each row less the estimated fees of its sale and of what was bought for it."""
        return np.asarray(self.profit - self.rates * (2 * self.amount - self.profit))

    def won(self, *, net: bool) -> npt.NDArray[np.bool_]:
        """Whether each row is a sale that won, by its profit as logged or by that of `net_sales`."""
        profit, paid = self.profit, self.amount - self.profit
        if net:
            profit, paid = self.net_sales(), paid * (1 + self.rates)
        with np.errstate(all="ignore"):  # bought for nothing
            return np.asarray(self.sell & wins(profit, 100 * profit / paid))

    def hours(self) -> Ints:
        """Hour of the day, on the bot's clock."""
        return self.by_format(lambda form, at: hours(at, form.zone))

    def by_format(self, clock: Callable[[LogFormat, Ints], Ints]) -> Ints:
        """The time of each row on the clock of its format."""
        found = np.zeros(len(self.timestamp), np.int64)
        for form in dict.fromkeys(self.formats):
            mine = np.array([one is form for one in self.formats], bool)[self.account]
            found[mine] = clock(form, self.timestamp[mine])
        return found

    def symbols(self) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Index of each row's symbol, and the symbols."""
        encoded: Any = pc.dictionary_encode(self.table["symbol"].combine_chunks())
        return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()

    def where(self, rows: npt.NDArray[Any]) -> Rows:
        """Some of the rows, by mask or by index."""
        table = self.table.filter(pa.array(rows)) if rows.dtype == bool else self.table.take(rows)
        return replace(self, table=table)

    def in_order(self) -> Rows:
        """By time."""
        return self.where(np.argsort(self.timestamp, kind="stable"))

    def of(self, accounts: Collection[str]) -> Rows:
        """The rows of some accounts."""
        wanted = set(accounts)
        if wanted >= set(self.accounts):
            return self
        return self.where(np.array([name in wanted for name in self.accounts], bool)[self.account])

    def by_account(self) -> Iterator[tuple[str, Rows]]:
        """The rows of each account; empty ones too."""
        order, ends = self._by_account
        for index, name in enumerate(self.accounts):
            yield name, self.where(order[ends[index] : ends[index + 1]])

    def only(self, account: str) -> pa.Table:
        """The rows of one account; empty for one that is not there."""
        place = self.places.get(account)
        if place is None:
            return self.table.slice(0, 0)
        order, ends = self._by_account
        return self.table.take(order[ends[place] : ends[place + 1]])

    @cached_property
    def _by_account(self) -> tuple[Ints, Ints]:
        """Rows sorted by account, and where each account's begin; the end last."""
        order = np.argsort(self.account, kind="stable")
        return order, np.searchsorted(self.account[order], np.arange(len(self.accounts) + 1))


def start_of_day(form: LogFormat, day_start: int | str | None) -> int:
    """Microseconds after midnight in the format's zone."""
    return read_clock(form.day_start) if day_start == TRADING else int(day_start or 0)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The content of the files.

    Attributes:
        accounts: all that have a file, sorted.
        table: trades in `TRADES`, an account's rows in the order in which they were written.
        formats: by account, what its figures are in: currency, zone, fee.
        problems: damaged rows and files.
        positions: by account; `held` gives `absent` where there is no file.
        states: runtime states by account.
        heartbeats: by account, of those that have their own; that of the whole bot is of the account "".
        errors: that the bot wrote as JSON lines, where it does; the last ones of each file.
        layout: of the files that were looked at.
        unread: accounts of which a file could not be read this time.
    """

    accounts: tuple[str, ...] = ()
    table: pa.Table = field(default_factory=TRADES.empty_table)
    formats: Mapping[str, LogFormat] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    positions: Mapping[str, Positions] = field(default_factory=dict)
    states: Mapping[str, RuntimeState] = field(default_factory=dict)
    heartbeats: Mapping[str, Heartbeat] = field(default_factory=dict)
    errors: Sequence[BotError] = ()
    layout: Layout | None = None
    unread: frozenset[str] = frozenset()

    @property
    def files(self) -> Sequence[LogFile]:
        """Every file that was looked at."""
        return self.layout.files() if self.layout else ()

    @property
    def faults(self) -> Mapping[str, str]:
        """Why a folder cannot be listed, by its key; its files are those that were seen last."""
        return self.layout.faults if self.layout else {}

    @property
    def heartbeat(self) -> Heartbeat:
        """The one of the whole bot; where each account has its own, the oldest of them."""
        if "" in self.heartbeats:
            return self.heartbeats[""]
        return min(self.heartbeats.values(), key=lambda beat: beat.at or 0, default=_NO_HEARTBEAT)

    def heartbeat_of(self, account: str) -> Heartbeat:
        """The account's own, or that of the whole bot."""
        return self.heartbeats.get(account) or self.heartbeats.get("", _NO_HEARTBEAT)

    @cached_property
    def rows(self) -> Rows:
        """All trades, on the days that the bots wrote."""
        return Rows(self.table, self.accounts, tuple(self.formats[name] for name in self.accounts))

    def only(self, account: str) -> pa.Table:
        """The rows of one account; empty for one that is not there."""
        return self.rows.only(account)

    def held(self, account: str) -> Positions:
        """The account's positions."""
        return self.positions.get(account, ABSENT)

    def currency(self, account: str) -> str:
        """The currency of the account's prices, amounts and profits."""
        return self.formats[account].currency

    @cached_property
    def currencies(self) -> Mapping[str, tuple[str, ...]]:
        """Accounts by currency, that of most accounts first."""
        found: dict[str, list[str]] = {}
        for account in self.accounts:
            found.setdefault(self.currency(account), []).append(account)
        ordered = sorted(found, key=lambda currency: (-len(found[currency]), currency))
        return {currency: tuple(found[currency]) for currency in ordered}
