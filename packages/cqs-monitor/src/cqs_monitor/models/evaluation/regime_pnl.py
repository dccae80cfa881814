"""The bots' PnL in each regime: a sale counts in the regime that was known at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.models.evaluation.regimes import Regimes

UNKNOWN = "no regime known"


class Earned(NamedTuple):
    """PnL of one regime and currency: profit before fees, number of sales, and percent of them with a gain."""

    regime: str
    currency: str
    pnl: float
    sells: int
    win_rate: float


def pnl_by_regime(snapshot: Snapshot, regimes: Regimes, account: str | None = None) -> list[Earned]:
    """By currency and regime, the one with most sales first.

    Args:
        snapshot: of the logs.
        regimes: of one market, taken for all symbols.
        account: None is all of them.
    """
    table = snapshot.table if account is None else snapshot.only(account)
    sold = table.filter(table["sell"])
    ts = sold["timestamp"].cast(pa.int64()).to_numpy() // 1000
    profit = np.nan_to_num(sold["profit"].to_numpy())
    names = np.array([UNKNOWN if name is None else name for name in regimes.known_at(ts)], dtype=object)
    own = np.array([snapshot.currency(name) for name in snapshot.accounts], dtype=object)
    currencies = own[sold["account"].to_numpy()]
    cells = sorted(set(zip(currencies, names, strict=True)))
    found = [_earned(*cell, profit[(currencies == cell[0]) & (names == cell[1])]) for cell in cells]
    return sorted(found, key=lambda one: one.sells, reverse=True)


def _earned(currency: str, regime: str, profit: np.ndarray) -> Earned:
    return Earned(regime, currency, float(profit.sum()), len(profit), 100 * float((profit > 0).mean()))
