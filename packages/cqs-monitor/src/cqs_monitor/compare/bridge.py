"""The difference between the backtest's profit and the bot's, in parts that add up exactly, to 0.01."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_monitor.compare.pairing import Pairing
    from cqs_monitor.compare.position import Traded


@dataclass(frozen=True)
class Bridge:
    """Quote currency: `backtest` + `missed` + `extra` + `price` + `size` + `fees` = `live`.

    Attributes:
        backtest: the strategy's profit, net of its fees, open positions marked at the last close.
        missed: minus the gross profit of positions that the bot missed.
        extra: gross profit of positions that only the bot had.
        price: effect of different prices and times in the pairs, at the strategy's quantity.
        size: effect of different quantities in the pairs, at the bot's prices.
        fees: minus the bot's extra fees (an estimate).
        live: the bot's profit, net of estimated fees, marked the same way.
    """

    backtest: float
    missed: float
    extra: float
    price: float
    size: float
    fees: float
    live: float

    def json(self) -> dict[str, float]:
        return asdict(self)


def build_bridge(pairing: Pairing) -> Bridge:
    """The bridge of all positions; what rounding leaves over is in `price`."""
    expected = [pair.expected for pair in pairing.matched] + pairing.missed
    live = [pair.live for pair in pairing.matched] + pairing.extra
    start = _cents(_gross(expected) - _fees(expected))
    end = _cents(_gross(live) - _fees(live))
    missed, extra = _cents(-_gross(pairing.missed)), _cents(_gross(pairing.extra))
    size = _cents(math.fsum(_size(pair.expected, pair.live) for pair in pairing.matched))
    fees = _cents(_fees(expected) - _fees(live))
    price = end - start - missed - extra - size - fees
    return Bridge(*(cents / 100 for cents in (start, missed, extra, price, size, fees, end)))


def _size(expected: Traded, live: Traded) -> float:
    return (live.quantity - expected.quantity) * (live.exit_price - live.entry_price)


def _gross(positions: Iterable[Traded]) -> float:
    return math.fsum(position.gross for position in positions)


def _fees(positions: Iterable[Traded]) -> float:
    return math.fsum(position.fees for position in positions)


def _cents(value: float) -> int:
    return round(value * 100)
