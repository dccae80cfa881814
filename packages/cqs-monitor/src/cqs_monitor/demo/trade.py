"""The demo bots' trades: the strategy's positions, slightly worse, at plausible times of day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

from cqs_core.time.intervals import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_monitor.compare.position import Traded

_WORST_BPS = 8


@dataclass(frozen=True)
class Trade:
    """A purchase and its sale.

    Attributes:
        symbol: as the bot writes it, `BTC`.
        bought: ms UTC.
        price: in the bot's currency, as is `exit_price`; that is None while the position is held, as is `sold`.
        quantity: coins.
    """

    symbol: str
    bought: int
    price: float
    quantity: float
    sold: int | None = None
    exit_price: float | None = None


def carried_out(account: str, wanted: Traded) -> Trade:
    """The strategy's position as a bot gets it: up to 8 basis points worse, bought in the day, sold after an open."""
    seed = f"{account} {wanted.market} {wanted.entry_at}"
    worse = 1 + _chance(seed, "slip") * _WORST_BPS / 1e4
    trade = Trade(
        symbol=wanted.market.partition("/")[0],
        bought=wanted.entry_at + round(5 * MINUTE + _chance(seed, "time") * 0.9 * DAY),
        price=wanted.entry_price * worse,
        quantity=wanted.quantity,
    )
    if wanted.exit_at is None:
        return trade
    sold = wanted.exit_at + round(1000 + _chance(seed, "exit") * 4 * MINUTE)
    return replace(trade, sold=sold, exit_price=wanted.exit_price / worse)


def _chance(seed: str, what: str) -> float:
    """0..1, always the same for the same text."""
    return crc32(f"{seed} {what}".encode()) / 2**32


def still_held(trades: Iterable[Trade]) -> list[Trade]:
    return [trade for trade in trades if trade.sold is None]
