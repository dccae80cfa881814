"""The demo bots' trades: the strategy's positions, slightly worse, at plausible times of day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

from cqs_core.time.intervals import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_core import Bucket
    from cqs_monitor.compare.position import Traded
    from cqs_monitor.performance.prices import Price

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


_AHEAD_OF_UTC = 9 * HOUR
_VALUE = 1_500_000.0  # of a purchase
# symbol, bought and sold at these shares of the day so far; at these prices, percent from the last one
_PLAN: Mapping[int, Sequence[tuple[str, float, float | None, float, float]]] = {
    0: (("BTC", 0.1, 0.5, -0.6, 0.2), ("ETH", 0.2, None, -1.1, 0.0), ("SOL", 0.3, 0.8, 0.4, -0.1)),
    1: (("XRP", 0.15, None, 0.7, 0.0), ("BTC", 0.4, None, -0.3, 0.0), ("ETH", 0.25, 0.7, -0.9, 0.1)),
}


def last_prices(bucket: Bucket, symbols: Sequence[str]) -> dict[str, Price]:
    """The newest close of each symbol that the bots trade."""
    from cqs_monitor.logs.bot.format import BOT
    from cqs_monitor.performance.prices import last_candles

    return {symbol: price for (symbol, _), price in last_candles(bucket, [(one, BOT) for one in symbols]).items()}


def trades_today(which: int, prices: Mapping[str, Price], now: int) -> list[Trade]:
    """Trades of one of the two bots between the start of today, UTC's and Korea's, and `now` (ms UTC).

    A position that is still open was bought no later than its last price, or it could not be valued: in the first
    hour of a day, at the day's first moment.
    """
    start = max(now // DAY * DAY, (now + _AHEAD_OF_UTC) // DAY * DAY - _AHEAD_OF_UTC)

    def at(share: float) -> int:
        return start + round(share * (now - start))

    trades = []
    for symbol, bought, sold, paid, got in _PLAN[which]:
        if symbol not in prices:
            continue
        price, time = prices[symbol].value, prices[symbol].at
        entry, size = price * (1 + paid / 100), _VALUE / price
        if sold is None:
            trades.append(Trade(symbol, min(at(bought), time), entry, size, None, None))
        else:
            trades.append(Trade(symbol, at(bought), entry, size, at(sold), price * (1 + got / 100)))
    return trades
