"""Everything that the Monitor page shows of one choice of accounts, computed away from the page."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import date_of, day_of, read_clock, today
from cqs_monitor.performance.columns import FEE, Columns, columns_of
from cqs_monitor.performance.holdings import Holding, holdings
from cqs_monitor.performance.reconciliation import Finding, reconcile_account
from cqs_monitor.performance.statistics import Statistics, statistics

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import pandas as pd

    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Reading

Floats = npt.NDArray[np.float64]
TRADING_DAY = "09:00"
_CURVES = 6  # accounts that the chart can tell apart


@dataclass(frozen=True)
class Choice:
    """What the user wants to see.

    Attributes:
        account: empty for all.
        net: less estimated fees.
        trading_days: days from 09:00 KST instead of the bot's own dates.
    """

    account: str = ""
    net: bool = False
    trading_days: bool = False

    @property
    def day_start(self) -> int | None:
        """Microseconds after midnight KST; None for the bot's own dates."""
        return read_clock(TRADING_DAY) if self.trading_days else None


@dataclass(frozen=True, eq=False)
class Report:
    """The figures.

    Attributes:
        reading: they are of.
        choice: likewise.
        days: int64 (N,), days since 1970-01-01 on which something was realised, ascending.
        pnl: float64 (N,), KRW on each.
        today: KRW of this day; `week` and `month` of the current ones, which begin on Monday and on the first.
        curves: cumulative PnL on `days` of each account, where all are chosen and there are two to six.
        statistics: of the chosen rows, gross or net as chosen.
        accounts: one row an account: account, total, today, week, month, sells, win_rate, held, state.
        holdings: of the chosen accounts.
        findings: of their reconciliation.
    """

    reading: Reading
    choice: Choice
    days: npt.NDArray[np.int64]
    pnl: Floats
    today: float
    week: float
    month: float
    curves: Mapping[str, Floats]
    statistics: Statistics
    accounts: pd.DataFrame
    holdings: list[Holding]
    findings: list[Finding]

    @property
    def cumulative(self) -> Floats:
        return np.asarray(np.cumsum(self.pnl))

    @property
    def unrealised(self) -> float | None:
        """KRW of all holdings that have a price, gross or net as chosen; None where none has."""
        found = [holding.unrealised_net if self.choice.net else holding.unrealised for holding in self.holdings]
        known = [value for value in found if value is not None]
        return sum(known) if known else None

    @property
    def unreadable(self) -> list[str]:
        """Accounts of which nobody can say what they hold."""
        chosen = [self.choice.account] if self.choice.account else self.reading.snapshot.accounts
        return [name for name in chosen if self.reading.snapshot.held(name).state == "unreadable"]


def make_report(reading: Reading, choice: Choice, now: int) -> Report:
    """The report of a reading at a time, ms UTC."""
    snapshot = reading.snapshot
    known = _known(snapshot, choice)
    first, monday, month = _starts(today(now, choice.day_start or 0))
    day, pnl = known.days, known.pnl
    names = [choice.account] if choice.account in snapshot.places else list(snapshot.accounts)
    findings = findings_of(snapshot)
    return Report(
        reading=reading,
        choice=choice,
        days=day,
        pnl=pnl,
        today=float(pnl[day >= first].sum()),
        week=float(pnl[day >= monday].sum()),
        month=float(pnl[day >= month].sum()),
        curves=known.curves,
        statistics=known.statistics,
        accounts=_accounts(snapshot, choice, (first, monday, month)),
        holdings=[held for name in names for held in holdings(snapshot, name, reading.prices, now)],
        findings=[one for name in names for one in findings[name]],
    )


@dataclass(frozen=True, eq=False)
class _Known:
    """What changes only with the rows."""

    days: npt.NDArray[np.int64]
    pnl: Floats
    curves: Mapping[str, Floats]
    statistics: Statistics


@functools.lru_cache(maxsize=32)
def _known(snapshot: Snapshot, choice: Choice) -> _Known:
    columns = columns_of_choice(snapshot, choice)
    figures = statistics(columns, net=choice.net)
    if not choice.net:
        columns = columns.where(columns.sell)
    days = np.unique(columns.day)
    value = value_of(columns, net=choice.net)

    def on_days(rows: npt.NDArray[Any]) -> Floats:
        at = np.searchsorted(days, columns.day[rows])
        return np.bincount(at, weights=value[rows], minlength=len(days)).astype(np.float64)

    alone = choice.account in snapshot.places or not 1 < len(snapshot.accounts) <= _CURVES
    curves = {
        name: np.cumsum(on_days(columns.account == snapshot.places[name]))
        for name in (() if alone else snapshot.accounts)
    }
    return _Known(days, on_days(np.arange(len(value))), curves, figures)


def columns_of_choice(snapshot: Snapshot, choice: Choice) -> Columns:
    """The rows of the chosen accounts."""
    columns = columns_of(snapshot, choice.day_start)
    place = snapshot.places.get(choice.account)
    return columns if place is None else columns.where(columns.account == place)


def value_of(columns: Columns, *, net: bool) -> Floats:
    """KRW of each row: as logged, or less its estimated fee."""
    return columns.profit - FEE * columns.amount if net else columns.profit


@functools.lru_cache(maxsize=8)
def findings_of(snapshot: Snapshot) -> dict[str, tuple[Finding, ...]]:
    """Reconciliation by account; one whose rows and positions did not change is not held against them again."""
    found = {}
    for account, rows in zip(snapshot.accounts, _sums(snapshot), strict=True):
        made_of = (rows, snapshot.held(account))
        known = _reconciled.get(account)
        if known is None or known[0] != made_of:
            fresh = reconcile_account(account, snapshot.only(account), snapshot.held(account))
            known = (made_of, tuple(fresh))
        found[account] = known
    _reconciled.clear()
    _reconciled.update(found)
    return {account: findings for account, (_, findings) in found.items()}


_reconciled: dict[str, tuple[tuple[object, ...], tuple[Finding, ...]]] = {}


def _sums(snapshot: Snapshot) -> list[tuple[float, ...]]:
    """What tells whether an account's rows changed: their number, and sums of their figures."""
    size = len(snapshot.accounts)
    columns = (snapshot.table[name].to_numpy() for name in ("quantity", "amount"))
    sums = [np.bincount(snapshot.account, weights=values, minlength=size).tolist() for values in columns]
    return list(zip(np.bincount(snapshot.account, minlength=size).tolist(), *sums, strict=True))


def _starts(day: int) -> tuple[int, int, int]:
    """First day of today, of its ISO week, of its month."""
    date = date_of(day)
    return day, day - date.weekday(), day_of(date.replace(day=1))


@functools.lru_cache(maxsize=32)
def _accounts(snapshot: Snapshot, choice: Choice, starts: tuple[int, int, int]) -> pd.DataFrame:
    import pandas as pd

    columns = columns_of(snapshot, choice.day_start)
    value, size = value_of(columns, net=choice.net), len(snapshot.accounts)

    def since(day: int | None) -> Floats:
        mask = slice(None) if day is None else columns.day >= day
        return np.bincount(columns.account[mask], weights=value[mask], minlength=size).astype(np.float64)

    sells = np.bincount(columns.account[columns.sell], minlength=size)
    won = columns.sell & ((columns.net_sales() if choice.net else columns.profit) > 0)
    wins = np.bincount(columns.account[won], minlength=size)
    held = [snapshot.held(name) for name in snapshot.accounts]
    return pd.DataFrame(
        {
            "account": list(snapshot.accounts),
            "total": since(None),
            **{name: since(day) for name, day in zip(("today", "week", "month"), starts, strict=True)},
            "sells": sells,
            "win_rate": np.where(sells > 0, 100 * wins / np.maximum(sells, 1), np.nan),
            "held": [np.nan if p.state == "unreadable" else float(len(p.held)) for p in held],  # unknown is not 0
            "state": ["flat" if p.state == "ok" and not p.held else p.state for p in held],
        }
    )


def last_year(report: Report, now: int) -> tuple[dt.date, dt.date, dict[dt.date, float]]:
    """53 weeks that end today, or with the last sale where that is older: their first Monday, last day, PnL by date."""
    end = today(now, report.choice.day_start or 0)
    if len(report.days) and report.days[-1] < end - 52 * 7:
        end = int(report.days[-1])
    first = end - date_of(end).weekday() - 52 * 7
    found = zip(report.days.tolist(), report.pnl.tolist(), strict=True)
    return date_of(first), date_of(end), {date_of(day): value for day, value in found if first <= day <= end}
