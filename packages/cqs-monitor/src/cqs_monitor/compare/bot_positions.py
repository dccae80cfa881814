"""The bot's positions, from its log, in terms of the backtest's bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time.intervals import next_open
from cqs_core.trading import last_closes
from cqs_monitor.compare.position import Traded
from cqs_monitor.performance.lots import Lot, match

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from cqs_core import Candles


def live_positions(table: pa.Table, markets: Mapping[str, str], candles: Candles, end: int, fee: float) -> list[Traded]:
    """Purchases made while the candles run, each with its sales before `end`.

    Args:
        table: all rows of the account that were written before `end`.
        markets: unified market by symbol, of the symbols that are compared.
        candles: those of the backtest, without warm-up.
        end: ms UTC, exclusive.
        fee: estimate, a fraction of each fill.
    """
    lots, _ = match(table)
    start = int(candles.ts[0])
    last = dict(zip(candles.symbols, zip(last_closes(candles).tolist(), last_ends(candles), strict=True), strict=True))
    return [
        _traded(lot, markets[lot.symbol], candles, fee, *last[markets[lot.symbol]])
        for lot in lots
        if lot.symbol in markets and start <= lot.at // 1000 < end
    ]


def bar_of(candles: Candles, at: int) -> int:
    """Row of the candle that is open at a time, ms UTC."""
    return int(np.searchsorted(candles.ts, at, side="right")) - 1


def last_ends(candles: Candles) -> list[int]:
    """When the last bar there is of each symbol closes, ms UTC; 0 without any bar."""
    rows = [np.flatnonzero(here) for here in candles.present.T]
    return [next_open(candles.interval, int(candles.ts[found[-1]])) if len(found) else 0 for found in rows]


def _traded(lot: Lot, market: str, candles: Candles, fee: float, last: float, until: int) -> Traded:
    """The purchase; its unsold rest counts at the last close, or at cost if the last close is older."""
    known = lot.at // 1000 < until
    sold = sum(sale.quantity for sale in lot.sales)
    proceeds = sum(sale.quantity * sale.price for sale in lot.sales)
    left = lot.quantity - sold if lot.open else 0.0
    worth = left * (last if known else lot.price)
    exit_at = None if lot.open or not lot.sales else lot.sales[-1].at // 1000
    return Traded(
        market=market,
        entry_bar=bar_of(candles, lot.at // 1000),
        exit_bar=None if exit_at is None else bar_of(candles, exit_at),
        entry_at=lot.at // 1000,
        exit_at=exit_at,
        entry_price=lot.price,
        exit_price=(proceeds + worth) / (sold + left),
        quantity=lot.quantity,
        fees=fee * (lot.price * lot.quantity + proceeds),
        unpriced=bool(left) and not known,
    )
