"""One series asked page by page, and how much of an answer is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import Exchange, ExchangeError, Page, Series
from cqs_core.lake import FRESH, Cleaned, clean, stamps
from cqs_core.time import intervals
from cqs_data.fetching.grids import other_grid, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from cqs_core.lake import LakeObject
    from cqs_core.lake.ranges import Range
    from cqs_data.fetching.patience import Patience

SETTLING = 2_000  # ms after its end for which an exchange may still change a candle
_DOUBTS = 5  # times that a page with bad rows is asked again
_WIDE = 1_000  # bars before the first candle that one answer may deny, unless longer bars deny them too


@dataclass(frozen=True)
class Answer:
    """What came in a page.

    Attributes:
        page: as the exchange gave it.
        cleaned: its rows, each looked at.
        answered: the range for which it is believed that there is nothing else; empty where it proves nothing.
    """

    page: Page
    cleaned: Cleaned
    answered: Range


class Pages:
    """Asks an exchange about one series.

    Args:
        exchange: a connection.
        series: which.
        patience: how the exchange is waited for.
        objects: of the series, as a listing showed them.

    Attributes:
        asked: the range that the user asked for, ms UTC, for the commands of messages.
    """

    def __init__(
        self, exchange: Exchange, series: Series, patience: Patience, objects: Sequence[LakeObject] = ()
    ) -> None:
        self._exchange, self._series, self._patience = exchange, series, patience
        self.first = min((o.first for o in objects if o.rows), default=None)
        self._origin: tuple[int | None] | None = None
        self.asked: tuple[int | None, int | None] = (None, None)

    @property
    def closed(self) -> int:
        """Candles that open at or after this are not finished, ms UTC."""
        return intervals.floor(self._series.interval, self._exchange.now() - SETTLING)

    async def origin(self) -> int | None:
        """Open of the market's first longest bar, ms UTC; None where the exchange does not tell."""
        if self._origin is None:
            try:
                self._origin = (await self._patience.ask(lambda: self._exchange.first(self._series.market)),)
            except ExchangeError:
                self._origin = (None,)  # an exchange without such bars; one that is gone fails the next question
        return self._origin[0]

    async def each(self, low: int, high: int) -> AsyncIterator[Answer]:
        """Answers that make up `[low, high)`, each touching those before it, from either side.

        Raises:
            ExchangeError: the exchange does not answer, or answers another range than was asked.
            DataError: its bars open at other times than the lake's.
        """
        while low < high:
            page, cleaned = await self._page(low, high)
            yield Answer(page, cleaned, await self._answered(page, cleaned))
            low, high = (low, page.start) if page.end >= high else (page.end, high)

    async def _page(self, low: int, high: int) -> tuple[Page, Cleaned]:
        """One answer; bad rows are believed only where two answers in a row have the same ones."""
        page, cleaned = await self._asked(low, high)
        for _ in range(_DOUBTS):
            if not cleaned.rejects:
                break
            before = cleaned.rejects
            page, cleaned = await self._asked(low, high)
            self._check_grid(page)
            if cleaned.rejects == before:
                break
        return page, cleaned

    def _check_grid(self, page: Page) -> None:
        opens = [int(row[0]) for row in page.rows if row[0] is not None and math.isfinite(row[0])]
        if (at := other_grid(self._series.interval, opens, begun=self.first is not None)) is not None:
            raise refusal(self._exchange, self._series, at, self.asked)

    async def _asked(self, low: int, high: int) -> tuple[Page, Cleaned]:
        market, interval = self._series.market, self._series.interval
        page = await self._patience.ask(lambda: self._exchange.page(market, interval, low, high))
        if not low <= page.start < page.end <= high or (page.start > low and page.end < high):
            raise ExchangeError(f"{self._series.exchange} answered another range than was asked; its plugin is wrong")
        return page, clean(page.rows, interval, page.start, page.end, self.closed)

    async def _answered(self, page: Page, cleaned: Cleaned) -> Range:
        """Not an empty end where candles may be late or grow, nor an empty beginning that longer bars contradict."""
        name, ts = self._series.interval, stamps(cleaned.table)
        start = page.start if page.since is None else page.since
        first = int(ts[0]) if len(ts) else page.end
        after = intervals.next_open(name, int(ts[-1])) if len(ts) else start
        end = page.end if page.until is None else page.until
        begun = self.first is not None and self.first < start
        if not begun and intervals.count(name, start, first) > _WIDE and not await self.begins(first):
            return first, max(first, end)
        if len(ts):
            self.first = first if self.first is None else min(first, self.first)
        return start, min(end, max(after, intervals.floor(name, self._exchange.now() - FRESH)))

    async def begins(self, first: int) -> bool:
        """Whether the market's first candle may open then: within the first of its longest bars."""
        origin = await self.origin()
        return origin is None or first <= intervals.next_open("1M", origin)
