"""Whether a market traded where an exchange shows no candles: what its other answers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Exchange, ExchangeBusy, ExchangeError, Series
from cqs_core.time import intervals
from cqs_core.time.intervals import INTERVALS

if TYPE_CHECKING:
    from cqs_data.fetching.retry import RetryPolicy

_LONGER = 3  # longer intervals that are tried, where an exchange does not answer about them
_TRIES = 3  # questions about an interval which the user does not want
_PROBE = 200  # bars up to now among which a market that trades has one


class CrossCheck:
    """Other answers of an exchange about one series, to check an empty one.

    Args:
        exchange: a connection.
        series: which.
        retry: how often and how long to ask again.
    """

    def __init__(self, exchange: Exchange, series: Series, retry: RetryPolicy) -> None:
        self._exchange, self._series, self._retry = exchange, series, retry
        self._origin: int | None = None
        self._without_origin = False

    async def origin(self) -> int | None:
        """Open of the market's first longest bar, ms UTC; None if the exchange does not show it."""
        if self._origin is None and not self._without_origin:
            try:
                self._origin = await self._retry.ask(lambda: self._exchange.first(self._series.market))
            except ExchangeError:  # an exchange without such bars; one that is gone fails the next question
                self._without_origin = True
        return self._origin

    async def traded_in(self, low: int, high: int) -> str:
        """A longer bar that saw trades and lies in `[low, high)` whole, as `1d`; empty where none is shown."""
        for name in [i for i in reversed(INTERVALS) if self._fits(i, low, high)][:_LONGER]:
            try:
                rows = await self._rows(name, intervals.ceil(name, low), intervals.floor(name, high))
            except ExchangeBusy:
                continue
            return name if any(low <= at and intervals.next_open(name, at) <= high for at in rows) else ""
        return ""

    async def newest(self, closed: int) -> int | None:
        """Open of a candle among the last bars before `closed`, ms UTC; None where there is none."""
        name = self._series.interval
        return max(await self._rows(name, intervals.next_open(name, closed, -_PROBE), closed), default=None)

    async def ended(self, last: int, closed: int) -> bool:
        """Whether days, asked up to `closed`, show the one of the candle at `last` and no trades in those after it."""
        name = "1d"
        if intervals.length(self._series.interval) >= intervals.DAY or not self._exchange.offers(name):
            return False
        day, stop = intervals.floor(name, last), intervals.floor(name, closed)
        try:
            return await self._rows(name, day, stop, whole=True) == [day]
        except ExchangeBusy:
            return False

    async def trades(self) -> bool:
        """Whether the exchange says that the market traded in the last 24 hours."""
        try:
            volumes = await self._retry.ask(self._exchange.volumes)
        except (ExchangeError, NotImplementedError):
            return True  # an exchange that answers nothing at all is not believed
        return volumes.get(self._series.market, 0.0) > 0

    def _fits(self, name: str, low: int, high: int) -> bool:
        if intervals.length(name) <= intervals.length(self._series.interval) or not self._exchange.offers(name):
            return False
        return intervals.next_open(name, intervals.ceil(name, low)) <= high

    async def _rows(self, name: str, low: int, high: int, *, whole: bool = False) -> list[int]:
        """Opens of bars with trades in one answer about `[low, high)`; with `whole` none unless it covers all of it."""
        if low >= high:
            return []
        own = name == self._series.interval
        try:
            page = await self._retry.ask(
                lambda: self._exchange.page(self._series.market, name, low, high), None if own else _TRIES
            )
        except ExchangeBusy:
            raise
        except ExchangeError:  # an exchange without such bars
            return []
        if whole and (page.start, page.end) != (low, high):
            return []
        found = [int(row[0] or 0) for row in page.rows if row[5]]
        return sorted(at for at in found if low <= at < high and intervals.floor(name, at) == at)
