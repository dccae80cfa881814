"""Where an exchange showed no candles it is asked again, later; it is believed if nothing contradicts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cqs_core import Page, Series
from cqs_core.lake import clean
from cqs_core.time import clock, intervals
from cqs_data.fetching.doubts import Doubt, merged
from cqs_data.fetching.paging import PageAnswer, PageRequest, Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cqs_data.fetching.answer_buffer import AnswerBuffer
    from cqs_data.fetching.cross_check import CrossCheck
    from cqs_data.fetching.retry import RetryPolicy

_SMALL = 200  # bars up to which it is not worth a question to know that a market began later
_CHANGING = "it answers something else each time, or shows not even the candles that it had"
_LONGER = "its {} candles show trades there"
_SILENT = "it shows no candles of this market, though it traded in the last 24 hours"


@dataclass
class Settling:
    """The doubts of one series.

    Attributes:
        series: which.
        pages: asks the exchange.
        evidence: what else it says.
        buffer: where candles go.
        retry: how often and how long to ask again.
        advance: called with the ranges that are answered.
        gate: is left while waiting, so that others may ask; None where there are no others.
        later: open of the newest candle that the exchange is known to have; None where none is.
        in_order: whether candles are stored oldest first.
        dropped: whether the exchange was seen to keep only its last candles of the series.
        doubts: not believed yet.
        doubtful: not believed, and not asked again in this run.
        note: where the exchange begins later, or ends earlier, than its longer bars.
    """

    series: Series
    pages: Pages
    cross_check: CrossCheck
    buffer: AnswerBuffer
    retry: RetryPolicy
    advance: Callable[[PageAnswer], None]
    gate: asyncio.Semaphore | None = None
    later: int | None = None
    in_order: bool = False
    dropped: Callable[[], bool] = lambda: False
    doubts: list[Doubt] = field(default_factory=list)
    doubtful: list[Doubt] = field(default_factory=list)
    note: str = ""

    async def settle(self) -> None:
        """Ask again about all doubts, later; new ones that come up are asked about in their turn.

        Raises:
            ExchangeError: the exchange does not answer; what it did answer is stored.
        """
        try:
            for _ in range(self.retry.tries):
                doubts, self.doubts = merged(self.doubts), []
                ends = [one for one in doubts if self.pages.ends_open(one)]
                for end in ends:
                    await self._look_behind(end)
                if not (doubts := [one for one in doubts if one not in ends]):
                    return
                await self.wait(doubts)
                for doubt in doubts:
                    await self._ask_again(doubt)
            self.doubtful += [replace(one, why=_CHANGING) for one in merged(self.doubts)]
        finally:
            await self.buffer.finish()

    async def wait(self, doubts: Sequence[Doubt]) -> None:
        """Wait until another answer would be independent of the last one."""
        due = max([one.since + self.retry.separation(await self._size(one)) for one in doubts])
        if (seconds := due - time.monotonic()) <= 0:
            return
        who = self.series.exchange
        self.retry.report(f"asking {who} again in {seconds:.0f} s where it showed no candles, {self.series.market}")
        if self.gate:
            self.gate.release()
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.gate:
                await self.gate.acquire()

    async def _size(self, doubt: Doubt) -> int:
        """Bars that are claimed not to be there; before the market's first longest bar, that says so too."""
        bars = intervals.count(self.series.interval, doubt.start, doubt.end)
        if doubt.left is not None or bars <= _SMALL:
            return bars
        began = await self.cross_check.origin() or doubt.start
        return intervals.count(self.series.interval, max(doubt.start, began), doubt.end)

    async def _ask_again(self, doubt: Doubt) -> None:
        """New candles are stored; ranges still without any are a new doubt. If none come, the range is empty.

        A known candle must be shown right after: an exchange that is silent meanwhile proves nothing.
        """
        witness = doubt.left if doubt.right is None else doubt.right
        if witness is None:
            witness = await self.cross_check.newest(self.pages.closed)
        held: list[PageAnswer] = []
        found = False
        async for answer in self.pages.each(PageRequest(doubt.start, doubt.end, doubt.left, doubt.right)):
            if silent := next((one for one in answer.doubts if one.why), None):
                self.doubtful.append(silent if found and not self.in_order else replace(doubt, why=silent.why))
                return
            held.append(answer)
            found = found or len(answer.cleaned.table) > 0
            if found and not self.in_order:
                await self._take(held)
                held = []
        if found:
            await self._take(sorted(held, key=lambda one: one.page.start))
        else:
            await self._believe(doubt, witness)

    async def _take(self, answers: Iterable[PageAnswer]) -> None:
        for answer in answers:
            self.doubts += answer.doubts
            self.advance(answer)
            await self.buffer.add(answer)
        await self.buffer.rest()

    async def _believe(self, doubt: Doubt, witness: int | None) -> None:
        """Note that there is nothing, if other answers agree and a later candle is known: never until now."""
        if witness is not None and not await self.pages.shows(witness):
            self.doubts.append(replace(doubt, since=time.monotonic()))  # it was silent: that proves nothing
            return
        longer = await self.cross_check.traded_in(doubt.start, doubt.end)
        if longer and doubt.left is None and doubt.right is not None:
            self.note = "" if self.dropped() else self._begins(doubt.right, longer)
        elif longer:
            self.doubtful.append(replace(doubt, why=_LONGER.format(longer)))
        elif witness is None:
            if not await self._begins_later(doubt) and await self.cross_check.trades():
                self.doubtful.append(replace(doubt, why=_SILENT))
        elif witness >= doubt.end or await self._bounded(doubt):
            await self._take([nothing(self.series.interval, doubt)])

    async def _begins_later(self, doubt: Doubt) -> bool:
        """Whether the market began after the doubt."""
        began = await self.cross_check.origin()
        return began is not None and began >= doubt.end

    def _begins(self, first: int, longer: str) -> str:
        """Noted and not doubted: an exchange may have dropped its older candles of this interval."""
        fact = f"{self.series.interval} begins {clock.iso(first)[:10]}, though {longer} shows trades before"
        return f"{fact}: {self.series.exchange} may give only its last candles"

    async def _bounded(self, doubt: Doubt) -> bool:
        """Whether the market is known to have a candle later than the doubt."""
        if doubt.right is not None or (self.later is not None and self.later >= doubt.end):
            return True
        if self.pages.is_open(doubt.end):
            return False
        self.later = await self.cross_check.newest(self.pages.closed)
        return self.later is not None and self.later >= doubt.end

    async def _look_behind(self, end: Doubt) -> None:
        """Nothing is recorded about what came until now, but where longer bars show trades, it is noted."""
        if longer := await self.cross_check.traded_in(end.start, end.end):
            fact = f"{self.series.interval} ends {clock.iso(end.start)[:10]}, though {longer} shows trades after"
            self.note = f"{fact}: {self.series.exchange} may be late, the same command asks again"


def nothing(interval: str, doubt: Doubt) -> PageAnswer:
    """The answer that there are no candles in a range."""
    page = Page([], doubt.start, doubt.end)
    return PageAnswer(page, clean([], interval, doubt.start, doubt.end, doubt.end), [(doubt.start, doubt.end)])
