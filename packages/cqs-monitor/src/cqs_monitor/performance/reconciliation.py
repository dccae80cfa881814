"""Positions checked against the trades: what was bought and is neither sold nor held, and the other way round."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from cqs_core.time.clock import iso
from cqs_monitor.logs.table import AMOUNT_TOLERANCE
from cqs_monitor.performance.lots import Lot, Stray, crumb, match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cqs_monitor.logs.state import Positions

Kind = Literal["orphan_buy", "missing_sell", "missing_buy", "quantity", "amount", "unknown"]


@dataclass(frozen=True)
class Finding:
    """Something that does not add up.

    Attributes:
        account: whose.
        symbol: as the bot wrote it; None where the account as a whole is meant.
        kind: `orphan_buy`: bought, neither sold nor held. `missing_sell`: sold in part, the rest is not held.
            `missing_buy`: sold or held, never bought. `quantity`: held, but another quantity than the trades leave.
            `amount`: rows whose price x quantity is not their amount. `unknown`: positions.json is unreadable.
        logged: coins that the trades leave.
        held: coins by positions.json; None where it cannot be read.
        since: ISO 8601, of the first row concerned.
        reason: in words.
    """

    account: str
    symbol: str | None
    kind: Kind
    logged: float | None
    held: float | None
    since: str | None
    reason: str

    def json(self) -> dict[str, Any]:
        return asdict(self)


def reconcile(account: str, table: pa.Table, positions: Positions) -> list[Finding]:
    """Differences between positions and trades of one account.

    Args:
        account: its name.
        table: its trades, in the order in which they were written.
        positions: what it says it holds.
    """
    found = list(_amounts(account, table))
    if positions.state == "unreadable":
        reason = f"positions.json is unreadable ({positions.reason}); nothing can be checked against it"
        return [*found, Finding(account, None, "unknown", None, None, None, reason)]
    lots, strays = match(table)
    found += _strays(account, strays)
    held = {position.symbol: position.quantity for position in positions.held}
    left: dict[str, list[Lot]] = {symbol: [] for symbol in held}
    for lot in lots:
        if lot.open:
            left.setdefault(lot.symbol, []).append(lot)
    for symbol, open_lots in left.items():
        found += _symbol(account, symbol, open_lots, held.get(symbol, 0.0))
    return found


def _symbol(account: str, symbol: str, lots: list[Lot], held: float) -> Iterator[Finding]:
    logged = sum(lot.left for lot in lots)
    if abs(logged - held) <= crumb(max(logged, held)):
        return
    since = _iso(lots[0].at) if lots else None
    if not lots:
        reason = f"{held:.8g} {symbol} held, and the log has no BUY of it that is not sold"
        yield Finding(account, symbol, "missing_buy", 0.0, held, None, reason)
        return
    gone = _not_held(lots, held)
    if gone is None:
        reason = f"{held:.8g} {symbol} held where the trades leave {logged:.8g}"
        yield Finding(account, symbol, "quantity", logged, held, since, reason)
    for lot in gone or []:
        whole = not lot.sales
        what = "bought" if whole else f"left of a purchase of {lot.quantity:.8g}"
        reason = f"{lot.left:.8g} {symbol} {what}, neither sold in the log nor held; sold by hand, or the row is lost"
        yield Finding(account, symbol, "orphan_buy" if whole else "missing_sell", lot.left, 0.0, _iso(lot.at), reason)


def _not_held(lots: list[Lot], held: float) -> list[Lot] | None:
    """The older lots that are not held, if the newer ones are exactly what is held."""
    rest = held
    # what was sold by hand was bought first: take away the newest lots until nothing of what is held remains
    for count in range(len(lots), -1, -1):
        if abs(rest) <= crumb(held):
            return lots[:count]
        if count:
            rest -= lots[count - 1].left
    return None


def _strays(account: str, strays: Iterable[Stray]) -> Iterator[Finding]:
    by_symbol: dict[str, list[Stray]] = {}
    for stray in strays:
        by_symbol.setdefault(stray.symbol, []).append(stray)
    for symbol, found in by_symbol.items():
        quantity = sum(stray.quantity for stray in found)
        reason = f"{len(found)} SELL of {symbol} ({quantity:.8g}) without a BUY; the log begins later, or rows are lost"
        yield Finding(account, symbol, "missing_buy", -quantity, None, _iso(found[0].at), reason)


def _amounts(account: str, table: pa.Table) -> Iterator[Finding]:
    price, quantity, amount = (table[name].to_numpy() for name in ("price", "quantity", "amount"))
    off = np.flatnonzero(np.abs(price * quantity - amount) > AMOUNT_TOLERANCE * amount)
    if len(off):
        first = table.slice(int(off[0]), 1)
        symbol, at = first["symbol"][0].as_py(), first["timestamp"].cast(pa.int64())[0].as_py()
        reason = f"{len(off)} rows whose price x quantity is not their amount; the first is of {symbol}"
        yield Finding(account, symbol, "amount", None, None, _iso(at), reason)


def _iso(microseconds: int) -> str:
    return iso(microseconds // 1000)
