"""Last prices of several markets for many viewers, over one connection."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from cqs_data.feeds.upstream import Upstream, join_shared
from cqs_data.live import Tick, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import ExchangeBusy


@dataclass(frozen=True)
class LastPrices:
    """A snapshot of a price feed.

    Attributes:
        state: `connecting` at first; `refused` is final until a viewer joins again.
        said: why it reconnects or was refused, in one line.
        ticks: the last one of each market of which one has come.
    """

    state: Literal["connecting", "live", "reconnecting", "refused"] = "connecting"
    said: str = ""
    ticks: Mapping[str, Tick] = field(default_factory=dict)


class PriceFeed(Upstream):
    """The upstream of some markets of an exchange."""

    def __init__(self, exchange: str, markets: Sequence[str], endpoint: str | None) -> None:
        super().__init__(_key(exchange, markets, endpoint), f"{exchange} prices")
        self._exchange, self._markets, self._endpoint = exchange, markets, endpoint
        self._last = LastPrices()

    @property
    def last(self) -> LastPrices:
        """The current snapshot.

        Raises:
            Exception: whatever ended the upstream that no exchange is to blame for.
        """
        self.require_whole()
        return self._last

    def refuse(self, said: str) -> None:
        self._last = replace(self._last, state="refused", said=said)

    async def follow(self) -> None:
        stream: Any = ticks(self._exchange, self._markets, self._endpoint, self._wait, unknown_ok=True)
        async with aclosing(stream) as coming:
            async for tick in coming:
                self._last = LastPrices("live", "", {**self._last.ticks, tick.market: tick})

    def _wait(self, busy: ExchangeBusy) -> None:
        self._last = replace(self._last, state="reconnecting", said=" ".join(str(busy).split()))


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
