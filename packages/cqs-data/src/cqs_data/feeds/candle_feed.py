"""Live candles for many viewers: one upstream per process, series and endpoint.

feed = join(Series("upbit", "BTC/KRW", "1m"), None)
feed.news.candle   # at any time, from any thread
feed.leave()       # the last one who leaves ends it
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cqs_core import Series, UnknownName, plugins
from cqs_data.exchanges.ccxt_ids import live_ids
from cqs_data.exchanges.connection import no_live_prices
from cqs_data.feeds.upstream import Snapshot, Upstream, join_shared
from cqs_data.live import LiveCandle, live_candles

if TYPE_CHECKING:
    from collections.abc import Sequence


HISTORY = 199  # closed candles to begin with: with the one under way a page of those whose pages are short
_KEPT = 2000  # closed candles; twice as many before the oldest go


@dataclass(frozen=True)
class News(Snapshot):
    """A snapshot of a feed.

    Attributes:
        closed: closed candles, ascending, without holes where the exchange has none; the newest `HISTORY` at first.
        candle: the one under way.
    """

    closed: tuple[LiveCandle, ...] = ()
    candle: LiveCandle | None = None

    @property
    def candles(self) -> tuple[LiveCandle, ...]:
        """All of them, ascending."""
        return (*self.closed, self.candle) if self.candle else self.closed


class Feed(Upstream[News]):
    """The upstream of a series.

    Attributes:
        series: what it follows.
        endpoint: where, instead of the real exchange.
    """

    def __init__(self, series: Series, endpoint: str | None) -> None:
        super().__init__((series, endpoint), str(series), News())
        self.series, self.endpoint = series, endpoint

    @property
    def news(self) -> News:
        """The current snapshot, by the name that charts know; see `last`."""
        return self.last

    async def follow(self) -> None:
        stream: Any = live_candles(self.series, self.endpoint, history=HISTORY, waiting=self.wait)
        async with aclosing(stream) as coming:
            async for candle in coming:
                self._take(candle)

    def _take(self, candle: LiveCandle) -> None:
        known = self._last
        if not candle.closed:
            self._last = News("live", "", known.closed, candle)
            return
        newest = known.candle if known.candle and known.candle.ts > candle.ts else None
        self._last = replace(known, closed=_placed(known.closed, candle), candle=newest)


def join(series: Series, endpoint: str | None) -> Feed:
    """The feed of a series, started by the first viewer; a refused feed starts again."""
    return join_shared((series, endpoint), lambda: Feed(series, endpoint))


def obstacle(series: Series, sources: Sequence[str], endpoint: str | None) -> str:
    """Why a series of the lake cannot go live, with the remedy; empty where nothing is in the way.

    Made-up candles and real ones never continue each other: those of an endpoint go live over the configured one, all
    others over the real exchange. Told without importing ccxt, so that some exchanges refuse only when asked.

    Args:
        series: which.
        sources: where its candles came from: `exchange`, `endpoint`, `import`.
        endpoint: the configured one.
    """
    if "endpoint" in sources and not endpoint:
        return "these candles came from an endpoint; start the dashboard with CQS_ENDPOINT=URL"
    if "endpoint" not in sources and endpoint:
        return f"these candles are not of the endpoint {endpoint}; start the dashboard without CQS_ENDPOINT"
    try:
        kind = plugins().exchange(series.exchange)
    except UnknownName as unknown:
        return str(unknown)
    if series.interval not in kind.intervals:
        return f"{kind.id} has no candles of {series.interval}; choose a series of {', '.join(kind.intervals)}"
    return "" if kind.id in live_ids() else str(no_live_prices(kind.id))


def _placed(closed: tuple[LiveCandle, ...], candle: LiveCandle) -> tuple[LiveCandle, ...]:
    """With this candle at its place, instead of one of the same time."""
    if not closed or candle.ts > closed[-1].ts:
        return (*(closed[-_KEPT:] if len(closed) >= 2 * _KEPT else closed), candle)
    return tuple(sorted([*(one for one in closed if one.ts != candle.ts), candle], key=lambda one: one.ts))
