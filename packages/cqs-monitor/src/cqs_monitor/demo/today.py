"""The demo bots' day, after the last daily candle: positions, and trades outside the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.time.intervals import DAY, HOUR
from cqs_monitor.demo.trade import Trade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket
    from cqs_monitor.performance.prices import Price

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
