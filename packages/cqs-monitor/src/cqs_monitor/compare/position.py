"""A position of the strategy or of the bot, in the same terms, so that the two can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cqs_core.time.clock import iso, iso_or_none


@dataclass(frozen=True)
class Traded:
    """One position, from its purchase until it is sold, or until the end of the comparison.

    Attributes:
        market: unified.
        entry_bar: row of the candles in which it was opened.
        exit_bar: row in which the last of it was sold; None while open at the end.
        entry_at: ms UTC; for the strategy, the open of the bar.
        exit_at: ms UTC; None while open at the end.
        entry_price: quote currency.
        exit_price: average; the unsold part counts at the last close.
        quantity: base currency.
        fees: quote currency; of the bot, an estimate.
        unpriced: whether the unsold part counts at cost, because no candle is newer than the purchase.
    """

    market: str
    entry_bar: int
    exit_bar: int | None
    entry_at: int
    exit_at: int | None
    entry_price: float
    exit_price: float
    quantity: float
    fees: float
    unpriced: bool = False

    @property
    def amount(self) -> float:
        """The amount paid, without fees."""
        return self.entry_price * self.quantity

    @property
    def gross(self) -> float:
        """Profit without fees, open positions marked at the last close."""
        return (self.exit_price - self.entry_price) * self.quantity

    def json(self, prefix: str = "") -> dict[str, Any]:
        """Flat, each name but `symbol` with a prefix."""
        own = {
            "entry_time": iso(self.entry_at),
            "exit_time": iso_or_none(self.exit_at),
            "entry_price": self.entry_price,
            "exit_price": None if self.exit_at is None else self.exit_price,
            "quantity": self.quantity,
            "pnl": self.gross - self.fees,
            "fees": self.fees,
        }
        return {"symbol": self.market, **{prefix + name: value for name, value in own.items()}}
