"""Last prices of several markets for many viewers, over one connection."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_data.feeds.upstream import Snapshot, Upstream, join_shared
from cqs_data.live import Tick, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class LastPrices(Snapshot):
    """A snapshot of a price feed.

    Attributes:
        ticks: the last one of each market of which one has come.
    """

    ticks: Mapping[str, Tick] = field(default_factory=dict)


class PriceFeed(Upstream[LastPrices]):
    """The upstream of some markets of an exchange."""

    def __init__(self, exchange: str, markets: Sequence[str], endpoint: str | None) -> None:
        super().__init__(_key(exchange, markets, endpoint), f"{exchange} prices", LastPrices())
        self._exchange, self._markets, self._endpoint = exchange, markets, endpoint

    async def follow(self) -> None:
        stream: Any = ticks(self._exchange, self._markets, self._endpoint, self.wait, unknown_ok=True)
        async with aclosing(stream) as coming:
            async for tick in coming:
                self._last = LastPrices("live", "", {**self._last.ticks, tick.market: tick})


def join_prices(exchange: str, markets: Sequence[str], endpoint: str | None) -> PriceFeed:
    """The price feed of these markets, started by the first viewer; a refused one starts again.

    Args:
        exchange: its id.
        markets: unified names.
        endpoint: base URL instead of the real exchange.
    """
    return join_shared(_key(exchange, markets, endpoint), lambda: PriceFeed(exchange, markets, endpoint))


def _key(exchange: str, markets: Sequence[str], endpoint: str | None) -> Any:
    return exchange, tuple(sorted(markets)), endpoint
