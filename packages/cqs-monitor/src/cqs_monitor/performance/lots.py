"""Which SELL sold which BUY: the log does not say, so it is inferred, the same way for everybody who asks.

A SELL's profit tells the entry price that the bot had in mind; the newest open BUY at that price is taken, else the
newest. So a purchase that was sold by hand stays open for ever, instead of shifting every later sale.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

CRUMB = 1e-8
"""Coins that count as nothing."""

_SAME_PRICE = 1e-6  # fraction
_SEARCHED = 64  # open purchases of a symbol; a bot that only ever buys would make the search quadratic


class Sale(NamedTuple):
    """The part of a BUY that one SELL sold: µs UTC, price, coins, profit as logged (share of the row's)."""

    at: int
    price: float
    quantity: float
    profit: float


@dataclass
class Lot:
    """One BUY and what became of it.

    Attributes:
        symbol: as the bot wrote it.
        at: microseconds since the epoch, UTC.
        price: in the account's currency.
        quantity: coins bought; `left` of them are not sold.
        sales: in the order in which they were made.
        line: of the BUY in its file.
    """

    symbol: str
    at: int
    price: float
    quantity: float
    left: float
    line: int
    sales: list[Sale] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.left > crumb(self.quantity)


class Stray(NamedTuple):
    """A SELL, or the part of one, that no BUY explains."""

    symbol: str
    at: int
    quantity: float
    line: int


def crumb(quantity: float) -> float:
    """The largest rest of a quantity that counts as nothing: rounding of fills."""
    return max(CRUMB, 1e-6 * quantity)


def match(table: pa.Table) -> tuple[list[Lot], list[Stray]]:
    """The purchases of one account, in the order in which they were made, and the sales that have none.

    Args:
        table: rows of one account in the order in which they were written.
    """
    lots: list[Lot] = []
    strays: list[Stray] = []
    held: dict[str, list[Lot]] = {}
    for at, sell, symbol, price, quantity, amount, profit, line in _rows(table):
        mine = held.setdefault(symbol, [])
        if not sell:
            lot = Lot(symbol, at, price, quantity, quantity, line)
            lots.append(lot)
            mine.append(lot)
            continue
        rest = _sell(mine, at, price, quantity, (amount - profit) / quantity, profit)
        if rest > crumb(quantity):
            strays.append(Stray(symbol, at, rest, line))
    return lots, strays


def _sell(mine: list[Lot], at: int, price: float, quantity: float, entry: float, profit: float) -> float:
    """Take a sale out of the open lots; what is left of it."""
    rest = quantity
    while mine and rest > crumb(quantity):
        lot = _sold(mine, entry)
        part = min(rest, lot.left)
        lot.sales.append(Sale(at, price, part, profit * part / quantity))
        lot.left -= part
        rest -= part
        if not lot.open:
            mine.remove(lot)
    return rest


def _sold(mine: list[Lot], entry: float) -> Lot:
    recent = mine[-_SEARCHED:]
    same = (lot for lot in reversed(recent) if abs(lot.price - entry) <= _SAME_PRICE * lot.price)
    return next(same, mine[-1])


def _rows(table: pa.Table) -> Iterator[tuple[int, bool, str, float, float, float, float, int]]:
    names = ("timestamp", "sell", "symbol", "price", "quantity", "amount", "profit", "line")
    for batch in table.select(names).to_batches(max_chunksize=65_536):
        columns = [batch.column(0).cast(pa.int64()), *batch.columns[1:]]
        yield from zip(*(column.to_pylist() for column in columns), strict=True)
