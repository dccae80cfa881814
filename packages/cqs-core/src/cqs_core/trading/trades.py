"""From fills to trades: FIFO round trips, and positions that run from flat to flat.

A *round trip* is a quantity bought by one fill and sold by another, first in, first out. A *position* holds all fills
of a symbol from flat to flat; win rate, payoff, streaks and the number of trades count closed positions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_core.trading.engine import REASONS
from cqs_core.trading.excursions import excursions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_core.trading.candles import Candles
    from cqs_core.trading.engine import Fills

OPEN = -1
"""The `exit` bar and the `reason` of positions that are still open at the end."""

Trade = np.dtype(
    [
        ("symbol", np.int32),
        ("position", np.int64),
        ("entry", np.int64),
        ("exit", np.int64),
        ("entry_price", np.float64),
        ("exit_price", np.float64),
        ("quantity", np.float64),
        ("fees", np.float64),
        ("pnl", np.float64),
        ("return_pct", np.float64),
        ("reason", np.int8),
        ("bars", np.int64),
        ("mae_pct", np.float64),
        ("mfe_pct", np.float64),
    ]
)
"""One round trip, or one position.

`symbol` is a column, `entry` and `exit` are rows of the candles (exit `OPEN` while held), `position` counts from 0.
Money is in quote currency: `pnl` is money out less money in, fees included, and `return_pct` is that in percent of the
money in. Open positions have the `exit_price` NaN, and its pnl is marked at the last close without a fee for
leaving. `bars` counts the rows from entry to exit. `mae_pct` and `mfe_pct` are the worst and best price in percent of
the (average) entry price.
"""

Trades = npt.NDArray[Any]
_REBALANCE = REASONS.index("rebalance")
_CRUMB = 1e-12  # of a lot: what rounding leaves of it
_ROUNDING = 1e-10  # of what was bought: a sale that misses the rest by less is one of all


def round_trips(fills: Fills, candles: Candles) -> Trades:
    """FIFO round trips: closed ones by sale, then open ones; dtype `Trade`."""
    return _table(list(_matched(fills)), candles)


def positions(fills: Fills, candles: Candles) -> Trades:
    """One row per position, by entry; prices are averages over its fills; dtype `Trade`."""
    return _table(_positions(fills), candles)


def reason(code: int) -> str:
    """The name of a trade's reason: that of its last fill, or `open`."""
    return "open" if code == OPEN else REASONS[code]


class _Row(NamedTuple):
    """A trade before it is marked: `paid` and `got` include fees, `left` is the open quantity."""

    symbol: int
    position: int
    entry: int
    exit: int
    entry_price: float
    first_price: float
    exit_price: float
    quantity: float
    paid: float
    got: float
    fees: float
    left: float
    reason: int


@dataclass(slots=True)
class _Lot:
    """The unsold rest of one purchase."""

    bar: int
    quantity: float
    price: float
    fee: float
    position: int
    left: float


def _matched(fills: Fills) -> Iterator[_Row]:
    held: dict[int, deque[_Lot]] = {}
    count = 0
    for bar, symbol, why, quantity, price, fee in fills.tolist():
        lots = held.setdefault(symbol, deque())
        if quantity > 0:
            position = lots[0].position if lots else count
            count += not lots
            lots.append(_Lot(bar, quantity, price, fee, position, quantity))
        else:
            yield from _sold(lots, (bar, symbol, why, -quantity, price, fee))
    for symbol, lots in held.items():
        for lot in lots:
            fees = lot.fee * lot.left / lot.quantity
            paid = lot.left * lot.price + fees
            price, rest = lot.price, lot.left
            yield _Row(symbol, lot.position, lot.bar, OPEN, price, price, np.nan, rest, paid, 0.0, fees, rest, OPEN)


def _sold(lots: deque[_Lot], sale: tuple[int, int, int, float, float, float]) -> Iterator[_Row]:
    bar, symbol, why, quantity, price, fee = sale
    rest, bought = quantity, sum(lot.quantity for lot in lots)
    # an exit of all sells every lot to its last crumb, whatever rounding says; where volume is short, it comes in parts
    whole = why != _REBALANCE and sum(lot.left for lot in lots) - quantity <= _ROUNDING * bought
    while lots and (whole or rest > _CRUMB * quantity):
        lot = lots[0]
        part = lot.left if whole else min(rest, lot.left)
        fee_in, fee_out = lot.fee * part / lot.quantity, fee * part / quantity
        paid, got = part * lot.price + fee_in, part * price - fee_out
        yield _Row(
            symbol, lot.position, lot.bar, bar, lot.price, lot.price, price, part, paid, got, fee_in + fee_out, 0.0, why
        )
        lot.left -= part
        rest -= part
        if lot.left <= _CRUMB * lot.quantity:
            lots.popleft()


@dataclass(slots=True)
class _Flow:
    """Sums over the fills of one position: quantities, and money before fees."""

    number: int
    bar: int
    first_price: float
    bought: float = 0.0
    sold: float = 0.0
    paid: float = 0.0
    got: float = 0.0
    fees_in: float = 0.0
    fees_out: float = 0.0

    def add(self, quantity: float, price: float, fee: float) -> None:
        if quantity > 0:
            self.bought += quantity
            self.paid += quantity * price
            self.fees_in += fee
        else:
            self.sold -= quantity
            self.got -= quantity * price
            self.fees_out += fee

    @property
    def flat(self) -> bool:
        """Whether all is sold; an exit may take several bars where volume is short."""
        return self.bought - self.sold <= _ROUNDING * self.bought

    def row(self, symbol: int, exit_: int, why: int) -> _Row:
        out, left = (np.nan, self.bought - self.sold) if why == OPEN else (self.got / self.sold, 0.0)
        paid, got = self.paid + self.fees_in, self.got - self.fees_out
        prices = (self.paid / self.bought, self.first_price, out)
        fees = self.fees_in + self.fees_out
        return _Row(symbol, self.number, self.bar, exit_, *prices, self.bought, paid, got, fees, left, why)


def _positions(fills: Fills) -> list[_Row]:
    rows: list[_Row] = []
    flows: dict[int, _Flow] = {}
    for bar, symbol, why, quantity, price, fee in fills.tolist():
        if symbol not in flows:
            flows[symbol] = _Flow(len(rows) + len(flows), bar, price)
        flows[symbol].add(quantity, price, fee)
        if quantity < 0 and why != _REBALANCE and flows[symbol].flat:
            rows.append(flows.pop(symbol).row(symbol, bar, why))
    rows += [flow.row(symbol, OPEN, OPEN) for symbol, flow in flows.items()]
    return sorted(rows, key=lambda row: row.position)


def _table(rows: Sequence[_Row], candles: Candles) -> Trades:
    raw = np.array([tuple(row) for row in rows], dtype=[(name, np.float64) for name in _Row._fields])
    table = np.empty(len(rows), Trade)
    for name in ("symbol", "position", "entry", "exit", "entry_price", "exit_price", "quantity", "fees", "reason"):
        table[name] = raw[name]
    left = raw["left"] > 0
    value = np.where(left, raw["left"] * last_closes(candles)[table["symbol"]], 0.0)
    table["pnl"] = raw["got"] + value - raw["paid"]
    table["return_pct"] = 100 * table["pnl"] / raw["paid"]
    table["bars"] = np.where(table["exit"] == OPEN, candles.shape[0] - 1, table["exit"]) - table["entry"]
    table["mae_pct"], table["mfe_pct"] = excursions(table, raw["first_price"], candles)
    return table


def last_closes(candles: Candles) -> npt.NDArray[np.float64]:
    """(S,): the last close of each symbol, at which open positions are marked; NaN without any bar."""
    present = candles.present
    last = candles.shape[0] - 1 - np.argmax(present[::-1], axis=0)
    closes: npt.NDArray[np.float64] = candles.close[last, np.arange(candles.shape[1])]
    return closes
