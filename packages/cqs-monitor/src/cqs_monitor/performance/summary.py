"""PnL by day, week or month, for each account and in total."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import Period, label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_monitor.performance.columns import Columns

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """What was earned.

    Attributes:
        pnl: by period, in the currency, ascending; gross: periods with a SELL; net: periods with any row.
        realised: the sum of `pnl`.
        trades: rows.
        sells: rows that are a SELL.
        wins: SELL rows whose logged profit is above 0; `losses` below. Both are gross, also where the PnL is net.
        win_rate: percent of SELL rows; None without any.
    """

    pnl: Mapping[str, float] = field(default_factory=dict)
    realised: float = 0.0
    trades: int = 0
    sells: int = 0
    wins: int = 0
    losses: int = 0
    win_rate: float | None = None

    def json(self) -> dict[str, Any]:
        """With money rounded to hundredths."""
        pnl = {period: round(value, 2) for period, value in self.pnl.items()}
        return vars(self) | {"pnl": pnl, "realised": round(self.realised, 2)}


@dataclass(frozen=True)
class Summaries:
    """By account, and of all accounts of each currency: sums of two currencies mean nothing."""

    accounts: Mapping[str, Summary]
    totals: Mapping[str, Summary]

    @property
    def total(self) -> Summary | None:
        """The sum of all accounts if they have one currency; else None."""
        return next(iter(self.totals.values()), Summary()) if len(self.totals) < 2 else None


def summarise(columns: Columns, by: Period = "day", *, net: bool = False) -> Summaries:
    """PnL of every account and in total.

    Args:
        columns: the trades.
        by: `day`, ISO `week` or `month`.
        net: less the estimated fee of each row, on its own day.
    """
    counted = np.ones(len(columns.profit), bool) if net else columns.sell
    days, names = _named(columns.day[counted], by)
    accounts, value = columns.account[counted].astype(np.int64), columns.value(net=net)[counted]
    # one number for each pair of account and period: a single pass sums all of them
    cells, sums = _sums(accounts * max(len(names), 1) + days, value)
    owners, at = np.divmod(cells, max(len(names), 1))
    pnl = dict(_by_account(owners, np.array(names, object)[at], sums))
    counts = _counts(columns)
    found = {name: _one(pnl.get(i, {}), counts[i]) for i, name in enumerate(columns.accounts)}
    totals = {
        currency: _total(columns, currency, names, days, value, accounts, counts) for currency in columns.currencies
    }
    return Summaries(found, totals)


def _total(
    columns: Columns,
    currency: str,
    names: list[str],
    days: npt.NDArray[np.int64],
    value: Floats,
    accounts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> Summary:
    mine = np.array([form.currency == currency for form in columns.formats], bool)
    periods, sums = _sums(days[mine[accounts]], value[mine[accounts]])
    pnl = {names[at]: amount for at, amount in zip(periods.tolist(), sums.tolist(), strict=True)}
    return _one(pnl, counts[mine].sum(axis=0))


def _by_account(
    owners: npt.NDArray[np.int64], periods: npt.NDArray[Any], sums: Floats
) -> Iterator[tuple[int, dict[str, float]]]:
    """Sums by period of each account, whose cells stand together."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    for start, end in itertools.pairwise([*starts.tolist(), len(owners)]):
        yield int(owners[start]), dict(zip(periods[start:end].tolist(), sums[start:end].tolist(), strict=True))


def _counts(columns: Columns) -> npt.NDArray[np.int64]:
    """(accounts, 4): rows, sells, wins and losses."""
    masks = (slice(None), columns.sell, columns.profit > 0, columns.profit < 0)
    size = len(columns.accounts)
    return np.column_stack([np.bincount(columns.account[mask], minlength=size) for mask in masks])


def _one(pnl: Mapping[str, float], counts: npt.NDArray[np.int64]) -> Summary:
    trades, sells, wins, losses = counts.tolist()
    return Summary(pnl, sum(pnl.values()), trades, sells, wins, losses, 100 * wins / sells if sells else None)


def _named(days: npt.NDArray[np.int64], by: Period) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Each day's period as an index into the periods' names, which ascend."""
    unique, inverse = np.unique(days, return_inverse=True)
    labels = [label(day, by) for day in unique]
    names = sorted(set(labels))
    places = {name: index for index, name in enumerate(names)}
    return np.array([places[name] for name in labels], np.int64)[inverse], names


def _sums(cells: npt.NDArray[np.int64], values: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    unique, inverse = np.unique(cells, return_inverse=True)
    return unique, np.bincount(inverse, weights=values, minlength=len(unique)).astype(np.float64)
