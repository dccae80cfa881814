"""Requests for one series, page by page, and which answers are believed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cqs_core import Exchange, ExchangeError, Page, Series
from cqs_core.lake import FRESH, Cleaned, clean, stamps
from cqs_core.lake.ranges import Range, subtract
from cqs_core.time import intervals
from cqs_data.fetching.doubts import Doubt
from cqs_data.fetching.grids import other_grid, refusal
from cqs_data.fetching.retry import Silent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from cqs_core.trading import Stamps
    from cqs_data.fetching.retry import RetryPolicy

SETTLING = 2_000  # ms after its end for which an exchange may still change a candle
_DOUBTS = 5  # times that a page with bad rows is asked again
_NEAR = 50  # bars that are asked again at most, to see a candle that is known
_INSIDE = 500  # bars without candles that are believed at once where one answer shows candles on both sides


class PageRequest(NamedTuple):
    """The range of a request.

    Attributes:
        low: ms UTC.
        high: exclusive.
        left: open of the last candle before it that the exchange is known to have.
        right: open of the first such one at or after its end.
    """

    low: int
    high: int
    left: int | None = None
    right: int | None = None


@dataclass(frozen=True)
class PageAnswer:
    """The answer of one page.

    Attributes:
        page: as the exchange gave it, cut to the request.
        cleaned: its rows, checked.
        answered: the ranges for which it is believed that there is nothing else.
        doubts: ranges without candles that are not believed yet.
        known: whether it shows a candle that was known before.
    """

    page: Page
    cleaned: Cleaned
    answered: Sequence[Range]
    doubts: Sequence[Doubt] = ()
    known: bool = False

    def part(self, low: int, high: int) -> PageAnswer:
        """The part in `[low, high)`, without doubts."""
        page = replace(self.page, start=max(low, self.page.start), end=min(high, self.page.end))
        ranges = [(max(low, start), min(high, end)) for start, end in self.answered]
        ts = stamps(self.cleaned.table)
        first, last = np.searchsorted(ts, [low, high])
        rejects = [one for one in self.cleaned.rejects if low <= (one.row[0] or self.page.start) < high]
        cleaned = Cleaned(self.cleaned.table.slice(first, last - first), rejects)
        return PageAnswer(page, cleaned, [bounds for bounds in ranges if bounds[0] < bounds[1]], known=self.known)


class Pages:
    """Asks an exchange about one series.

    Args:
        exchange: a connection.
        series: which.
        retry: how often and how long to ask again.
        begun: whether the lake has candles of it.

    Attributes:
        asked: the range that the user asked for, ms UTC, for the commands of messages.
    """

    def __init__(self, exchange: Exchange, series: Series, retry: RetryPolicy, *, begun: bool = False) -> None:
        self._exchange, self._series, self._retry, self._begun = exchange, series, retry, begun
        self.asked: tuple[int | None, int | None] = (None, None)

    @property
    def closed(self) -> int:
        """Candles that open at or after this are not finished, ms UTC."""
        return intervals.floor(self._series.interval, self._exchange.now() - SETTLING)

    def is_open(self, end: int) -> bool:
        """Whether a range that ends there reaches until now, where candles may still come or grow."""
        return end >= intervals.floor(self._series.interval, self._exchange.now() - FRESH)

    async def each(self, asked: PageRequest) -> AsyncIterator[PageAnswer]:
        """Answers that make it up, each touching those before it, from either side.

        A known candle next to the range is requested too: an answer without any candle is then wrong. An exchange
        that stays silent gives one last answer, which doubts all the rest and says why.

        Raises:
            ExchangeError: the exchange does not answer, or answers another range than was asked.
            DataError: its bars open at other times than the lake's.
        """
        while asked.low < asked.high:
            try:
                answer = await self._answer(asked)
            except Silent as silent:
                low, high, left, right = asked
                doubt = Doubt(low, high, time.monotonic(), left, right, why=str(silent))
                yield PageAnswer(Page([], low, high), clean([], self._series.interval, low, high, high), (), (doubt,))
                return
            yield answer
            asked = _rest(asked, answer)

    async def shows(self, at: int) -> bool:
        """Whether the exchange shows the candle that opens at `at`, ms UTC, right now, by its first answer."""
        page, _ = await self._page(at, intervals.next_open(self._series.interval, at))
        return len(page.rows) > 0

    async def _answer(self, asked: PageRequest) -> PageAnswer:
        """One answer about part of it; asked again without the known candles where nothing but they came."""
        page, cleaned = await self._page(*self._widened(asked), known=asked[2:])
        seen = stamps(cleaned.table)
        if max(page.start, asked.low) >= min(page.end, asked.high):
            page, cleaned = await self._page(asked.low, asked.high)
            seen = np.union1d(seen, stamps(cleaned.table))
        return self._judged(asked, page, cleaned, seen)

    def _widened(self, asked: PageRequest) -> Range:
        low, high, left, right = asked
        name = self._series.interval
        if left is not None and left < low and intervals.count(name, left, low) <= _NEAR:
            low = left
        if right is not None and right >= high and intervals.count(name, high, right) < _NEAR:
            high = intervals.next_open(name, right)
        return low, high

    def _judged(self, asked: PageRequest, page: Page, cleaned: Cleaned, seen: Stamps) -> PageAnswer:
        """Split an answer into what is believed and what is still in doubt.

        `seen` are the stamps of all rows that came. Of a short range behind the last candle that reaches until now,
        nothing is believed, and nothing is doubted.
        """
        start, end = max(page.start, asked.low), min(page.end, asked.high)
        since = start if page.since is None else max(start, page.since)
        until = end if page.until is None else min(end, max(start, page.until))
        doubts = list(self._doubts(asked, seen, since, until)) if since < until else []
        answered = subtract((since, until), [(one.start, one.end) for one in doubts])
        self._begun |= len(seen) > 0
        known = bool(np.isin(seen, [at for at in asked[2:] if at is not None]).any())
        reported = [one for one in doubts if not (self.ends_open(one) and self._bars(one) < _INSIDE)]
        return PageAnswer(
            replace(page, start=start, end=end), _cut(cleaned, page, start, end), answered, reported, known
        )

    def ends_open(self, doubt: Doubt) -> bool:
        """Whether it reaches from a candle of the same answer until now."""
        return doubt.shown and doubt.right is None and self.is_open(doubt.end)

    def _doubts(self, asked: PageRequest, seen: Stamps, low: int, high: int) -> Iterator[Doubt]:
        """Ranges without candles in `[low, high)`; those with candles on both sides only where they are long."""
        now, name = time.monotonic(), self._series.interval
        if not len(seen):
            yield Doubt(low, high, now, asked.left, asked.right)
            return
        first, last = int(seen[0]), int(seen[-1])
        if low < first:
            yield Doubt(low, min(first, high), now, asked.left, first, shown=True)
        for at in np.flatnonzero(np.diff(seen) > _INSIDE * intervals.length(name)).tolist():
            start, end = max(low, intervals.next_open(name, int(seen[at]))), min(high, int(seen[at + 1]))
            if start < end:
                yield Doubt(start, end, now, int(seen[at]), int(seen[at + 1]), shown=True)
        after = max(low, intervals.next_open(name, last))
        if after < high:
            yield Doubt(after, high, now, last, asked.right, shown=True)

    def _bars(self, doubt: Doubt) -> int:
        return intervals.count(self._series.interval, doubt.start, doubt.end)

    async def _page(self, low: int, high: int, known: Sequence[int | None] = ()) -> tuple[Page, Cleaned]:
        """One answer; bad rows are accepted only if two answers in a row have the same ones."""
        page, cleaned = await self._asked(low, high, known)
        for _ in range(_DOUBTS):
            if not cleaned.rejects:
                break
            before = cleaned.rejects
            page, cleaned = await self._asked(low, high, known)
            self._check_grid(page)
            if cleaned.rejects == before:
                break
        return page, cleaned

    def _check_grid(self, page: Page) -> None:
        opens = [int(row[0]) for row in page.rows if row[0] is not None and math.isfinite(row[0])]
        if (at := other_grid(self._series.interval, opens, begun=self._begun)) is not None:
            raise refusal(self._exchange, self._series, at, self.asked)

    async def _asked(self, low: int, high: int, known: Sequence[int | None]) -> tuple[Page, Cleaned]:
        market, interval, exchange = self._series.market, self._series.interval, self._series.exchange

        async def ask() -> Page:
            page = await self._exchange.page(market, interval, low, high)
            start = page.start if page.since is None else page.since
            expected = any(at is not None and start <= at < page.end for at in known)
            if expected and not len(page.rows) and page.until is None:
                raise Silent(f"{exchange} shows no candles of {market}, not even those that it had; in maintenance?")
            self._retry.silent &= not (expected and len(page.rows))
            return page

        page = await self._retry.ask(ask)
        if not low <= page.start < page.end <= high or (page.start > low and page.end < high):
            raise ExchangeError(f"{exchange} answered a range that was not requested; its plugin is wrong")
        return page, clean(page.rows, interval, page.start, page.end, self.closed)


def _rest(asked: PageRequest, answer: PageAnswer) -> PageRequest:
    """The ranges that are left after an answer, next to the candles that it showed."""
    page, ts = answer.page, stamps(answer.cleaned.table)
    if page.end >= asked.high:
        return asked._replace(high=page.start, right=int(ts[0]) if len(ts) else asked.right)
    return asked._replace(low=page.end, left=int(ts[-1]) if len(ts) else asked.left)


def _cut(cleaned: Cleaned, page: Page, start: int, end: int) -> Cleaned:
    """Without the known candles next to `[start, end)`."""
    ts = stamps(cleaned.table)
    low, high = np.searchsorted(ts, [start, end])
    rejects = [reject for reject in cleaned.rejects if not _beside(reject.row[0], page, start, end)]
    return Cleaned(cleaned.table.slice(low, high - low), rejects)


def _beside(at: float | None, page: Page, start: int, end: int) -> bool:
    return at is not None and (page.start <= at < start or end <= at < page.end)
