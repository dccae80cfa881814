"""PnL by day, week or month, for each account and in total."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_monitor.logs.days import Period, label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from cqs_monitor.logs.snapshot import Rows


@dataclass(frozen=True)
class Summary:
    """PnL and counts of rows.

    Attributes:
        pnl: by period, in the currency, ascending; gross: periods with a SELL; net: periods with any row.
        realised: the sum of `pnl`.
        trades: rows.
        sells: rows that are a SELL.
        wins: SELL rows that won, see `Rows.won`; `losses` lost. Both are gross, also where the PnL is net.
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


def summaries(rows: Rows, by: Period = "day", *, net: bool = False) -> tuple[dict[str, Summary], dict[str, Summary]]:
    """PnL by account, and by currency: sums of two currencies mean nothing.

    Args:
        rows: the trades.
        by: `day`, ISO `week` or `month`.
        net: less the estimated fee of each row, on its own day.
    """
    own = [form.currency for form in rows.formats]
    currencies = sorted(set(own))
    places = np.array([currencies.index(one) for one in own], np.int64)
    accounts = np.arange(len(rows.accounts))
    return _summed(rows, accounts, rows.accounts, by, net=net), _summed(rows, places, currencies, by, net=net)


def _summed(
    rows: Rows, group: npt.NDArray[np.int64], names: Sequence[str], by: Period, *, net: bool
) -> dict[str, Summary]:
    """A summary of each group of accounts; `group` is that of each account."""
    size, owner = len(names), group[rows.account]
    masks = (slice(None), rows.sell, rows.won(net=False), rows.profit < 0)
    counts = zip(*(np.bincount(owner[mask], minlength=size).tolist() for mask in masks), strict=True)
    counted = slice(None) if net else rows.sell
    periods, labels = _periods(rows.day[counted], by)
    # one number for each pair of group and period: a single pass sums all of them
    cells, places = np.unique(owner[counted] * (len(labels) + 1) + periods, return_inverse=True)
    sums = np.bincount(places, weights=rows.value(net=net)[counted], minlength=len(cells)).tolist()
    pnl: list[dict[str, float]] = [{} for _ in names]
    for one, period, value in zip(*(part.tolist() for part in np.divmod(cells, len(labels) + 1)), sums, strict=True):
        pnl[one][labels[period]] = value
    return {name: _summary(earned, count) for name, earned, count in zip(names, pnl, counts, strict=True)}


def _summary(pnl: dict[str, float], counts: Sequence[int]) -> Summary:
    trades, sells, wins, losses = counts
    return Summary(pnl, sum(pnl.values()), trades, sells, wins, losses, 100 * wins / sells if sells else None)


def _periods(days: npt.NDArray[np.int64], by: Period) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Each day's period as an index into the periods' names, which ascend."""
    unique, inverse = np.unique(days, return_inverse=True)
    labels, places = np.unique([label(day, by) for day in unique.tolist()] or [""], return_inverse=True)
    return places[inverse], labels.tolist()
