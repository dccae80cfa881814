"""All logs of a bucket at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_monitor.logs.state import ABSENT, Heartbeat, Positions, RuntimeState
from cqs_monitor.logs.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from cqs_core import LogFormat
    from cqs_monitor.logs.errors import BotError
    from cqs_monitor.logs.layout import Layout, LogFile
    from cqs_monitor.logs.problems import Problem

TRADES = ROWS.append(pa.field("account", pa.int32()))
"""`table.SCHEMA` with the account's index in place of the file's."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the files say.

    Attributes:
        accounts: all that have a file, sorted.
        table: trades in `TRADES`, an account's rows in the order in which they were written.
        formats: by account, what its figures are in: currency, zone, fee.
        problems: damaged rows and files.
        positions: by account; `of` gives `absent` where there is no file.
        states: runtime states by account.
        heartbeat: of the whole bot.
        errors: that the bot wrote as JSON lines, where it does; the last ones of each file.
        layout: of the files that were looked at.
        prefix: where the newest of them are, `logs` or `bot-logs`.
        read_at: ms since the epoch.
        unread: accounts of which a file could not be read this time.
    """

    accounts: tuple[str, ...] = ()
    table: pa.Table = field(default_factory=TRADES.empty_table)
    formats: Mapping[str, LogFormat] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    positions: Mapping[str, Positions] = field(default_factory=dict)
    states: Mapping[str, RuntimeState] = field(default_factory=dict)
    heartbeat: Heartbeat = field(default_factory=lambda: Heartbeat("absent"))
    errors: Sequence[BotError] = ()
    layout: Layout | None = None
    prefix: str = "logs"
    read_at: int = 0
    unread: frozenset[str] = frozenset()

    @property
    def files(self) -> Sequence[LogFile]:
        """Every file that was looked at."""
        return self.layout.files() if self.layout else ()

    def held(self, account: str) -> Positions:
        """What the account holds."""
        return self.positions.get(account, ABSENT)

    def currency(self, account: str) -> str:
        """What the account's prices, amounts and profits are in."""
        return self.formats[account].currency

    @cached_property
    def currencies(self) -> Mapping[str, tuple[str, ...]]:
        """Accounts by currency, that of most accounts first."""
        found: dict[str, list[str]] = {}
        for account in self.accounts:
            found.setdefault(self.currency(account), []).append(account)
        ordered = sorted(found, key=lambda currency: (-len(found[currency]), currency))
        return {currency: tuple(found[currency]) for currency in ordered}

    @cached_property
    def account(self) -> npt.NDArray[np.int32]:
        """(N,): index into `accounts` of each row."""
        return self.table["account"].to_numpy()

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Index into `accounts` by name."""
        return {name: index for index, name in enumerate(self.accounts)}

    def only(self, account: str) -> pa.Table:
        """The rows of one account; empty for one that is not there."""
        place = self.places.get(account)
        if place is None:
            return self.table.slice(0, 0)
        order, ends = self._by_account
        return self.table.take(order[ends[place] : ends[place + 1]])

    @cached_property
    def _by_account(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows sorted by account, and where each account's begin; the end last."""
        order = np.argsort(self.account, kind="stable")
        return order, np.searchsorted(self.account[order], np.arange(len(self.accounts) + 1))
