"""PnL by day, week or month, for each account and in total."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import Period, label
from cqs_monitor.performance.columns import FEE, Columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """What was earned.

    Attributes:
        pnl: KRW by period, ascending; gross: periods with a SELL; net: periods with any row.
        realised: KRW, the sum of `pnl`.
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
        """With money rounded to hundredths of a KRW."""
        pnl = {period: round(value, 2) for period, value in self.pnl.items()}
        return vars(self) | {"pnl": pnl, "realised": round(self.realised, 2)}


@dataclass(frozen=True)
class Summaries:
    """By account, and of all together."""

    accounts: Mapping[str, Summary]
    total: Summary


def summarise(columns: Columns, by: Period = "day", *, net: bool = False) -> Summaries:
    """PnL of every account and in total.

    Args:
        columns: the trades.
        by: `day`, ISO `week` or `month`.
        net: less the estimated fee of each row, on its own day.
    """
    value = columns.profit - FEE * columns.amount if net else columns.profit
    counted = np.ones(len(value), bool) if net else columns.sell
    days, names = _named(columns.day[counted], by)
    accounts = columns.account[counted].astype(np.int64)
    cells, sums = _sums(accounts * max(len(names), 1) + days, value[counted])
    owners, at = np.divmod(cells, max(len(names), 1))
    pnl = dict(_by_account(owners, np.array(names, object)[at], sums))
    periods, totals = _sums(days, value[counted])
    total = {names[at]: amount for at, amount in zip(periods.tolist(), totals.tolist(), strict=True)}
    return Summaries(_counted(columns, pnl), _one(total, *_counts(columns, np.zeros_like(columns.account), 1)[0]))


def _by_account(
    owners: npt.NDArray[np.int64], periods: npt.NDArray[Any], sums: Floats
) -> Iterator[tuple[int, dict[str, float]]]:
    """Sums by period of each account, whose cells stand together."""
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    for start, end in itertools.pairwise([*starts.tolist(), len(owners)]):
        yield int(owners[start]), dict(zip(periods[start:end].tolist(), sums[start:end].tolist(), strict=True))


def _counted(columns: Columns, pnl: Mapping[int, Mapping[str, float]]) -> dict[str, Summary]:
    counts = _counts(columns, columns.account, len(columns.accounts))
    return {name: _one(pnl.get(i, {}), *counts[i]) for i, name in enumerate(columns.accounts)}


def _counts(columns: Columns, group: npt.NDArray[Any], size: int) -> list[list[int]]:
    """Rows, sells, wins and losses of each group."""
    masks = (np.ones(len(group), bool), columns.sell, columns.profit > 0, columns.profit < 0)
    table = [np.bincount(group[mask], minlength=size).tolist() for mask in masks]
    return [list(row) for row in zip(*table, strict=True)]


def _one(pnl: Mapping[str, float], trades: int, sells: int, wins: int, losses: int) -> Summary:
    rate = 100 * wins / sells if sells else None
    return Summary(pnl, sum(pnl.values()), trades, sells, wins, losses, rate)


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
