"""One series: which of its ranges are requested, and in which order they are stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cqs_core.lake import stamps
from cqs_core.lake.mending import FOLDER, settle
from cqs_core.lake.ranges import Range, subtract, union
from cqs_core.time import intervals
from cqs_data.exchanges.unified import EARLIEST
from cqs_data.fetching.answer_buffer import AnswerBuffer
from cqs_data.fetching.cross_check import CrossCheck
from cqs_data.fetching.doubts import Doubt, merged, within
from cqs_data.fetching.endpoints import source_of
from cqs_data.fetching.paging import PageAnswer, PageRequest, Pages
from cqs_data.fetching.settling import Settling
from cqs_data.fetching.stored_objects import StoredObjects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from cqs_core import Exchange, Lake, Series
    from cqs_core.jobs import Progress
    from cqs_core.lake import LakeObject
    from cqs_core.lake.mending import Damage
    from cqs_data.fetching.retry import RetryPolicy

_LONG = 5_000  # bars to ask for, from which it pays to know where the market begins
_TOGETHER = 200  # bars; no exchange of ours gives fewer in one answer
_SLICE = 1_000  # bars of an update that are stored together, six answers at the most
_OVERLAP = 50  # bars without candles at the end of a slice that the next one asks for too
LATEST = 1 << 62


class Skipped(Exception):  # noqa: N818 - not an error: the user wanted it
    """The user asked to skip this series and to continue with the others."""


@dataclass
class SeriesFetch:
    """The fetching of one series.

    Attributes:
        exchange: a connection.
        lake: where candles go.
        series: which.
        retry: how often and how long to ask again.
        work: whose progress this is a part of.
        objects: of the series, as a listing showed them.
        gate: released while this waits; None if nothing else runs.
        buffer: answers to store.
    """

    exchange: Exchange
    lake: Lake
    series: Series
    retry: RetryPolicy
    work: Progress
    objects: Sequence[LakeObject] = ()
    gate: asyncio.Semaphore | None = None

    def __post_init__(self) -> None:
        begun = any(o.rows for o in self.objects)
        self._pages = Pages(self.exchange, self.series, self.retry, begun=begun)
        self._cross_check = CrossCheck(self.exchange, self.series, self.retry)
        self._mended = ""
        self._expected_from = 0  # ms UTC; before it nothing is expected
        self._start(AnswerBuffer(self.lake, self.series, self.source, self.objects))

    def _start(self, buffer: AnswerBuffer) -> None:
        self.buffer = buffer
        newest = self._stored.newest
        self._settling = Settling(
            self.series, self._pages, self._cross_check, buffer, self.retry, self._advance, self.gate, newest
        )
        self._settling.dropped = lambda: self.exchange.kept(self.series.market, self.series.interval) is not None

    @property
    def source(self) -> str:
        return source_of(self.exchange)

    @property
    def _stored(self) -> StoredObjects:
        return StoredObjects(self.series, self.source, self.objects)

    @property
    def note(self) -> str:
        """Facts for the user, in one line."""
        return "; ".join(filter(None, [self._mended, self._settling.note]))

    @property
    def doubtful(self) -> Sequence[Doubt]:
        """Empty answers that are not believed: candles are expected there."""
        return merged(self._settling.doubtful)

    async def fetch(self, start: int | None, end: int | None) -> None:
        """Get the parts of `[start, end)` that were not answered before; None is all that the exchange has.

        Raises:
            ExchangeError: the exchange does not answer; what it did answer is stored.
            DataError: its bars open at other times than the lake's.
        """
        self._pages.asked = start, end
        missing = self._missing(start, end)
        if sum(map(self._bars, missing)) > _LONG:
            self._expected_from = await self._cross_check.origin() or 0
        self._expect(missing)
        for group in _together(self.series.interval, missing):
            await self._get(self._stored.request(group[0][0], group[-1][1]), group)
        await self._settling.settle()

    async def update(self) -> None:
        """Get candles since the newest answer, oldest first, so that neither a kill nor a doubt leaves a hole.

        The last candle is asked for once more: exchanges may have changed it, and one whose candles lag behind its
        clock may have shown it while it was under way.
        """
        missing = self._missing(self._stored.reach, None)
        self._expect(missing)
        self._settling.in_order = True
        for bounds in missing:
            if not await self._get_in_order(bounds):
                return

    async def repair(self, holes: Iterable[Range]) -> None:
        """Ask again for these ranges; an answer without candles is stored only where there was none before."""
        given = ((max(start, self._oldest()), end) for start, end in holes)
        groups = list(_together(self.series.interval, sorted(hole for hole in given if hole[0] < hole[1])))
        self._expect((group[0][0], group[-1][1]) for group in groups)
        answered = self._stored.answered(self.lake.bucket)
        for group in groups:
            unknown = [part for hole in group for part in subtract(hole, answered)]
            self.buffer.keep_empty = bool(unknown)
            await self._get(self._stored.request_hole(group[0][0], group[-1][1]), group, unknown)
        self.buffer.keep_empty = True
        await self._settling.settle()

    async def mend(self, damage: Damage) -> None:
        """Ask again for what damaged and missing objects answered; then set the damaged ones aside.

        Only sound objects count, and the ranges that they answer are requested too: a newer damaged object may have
        changed them.
        """
        lost = [o for o in (*damage.damaged, *damage.missing) if o.source == self.source]
        self.objects = damage.sound
        newest = max((o.seq for o in damage.missing), default=0)
        self._start(AnswerBuffer(self.lake, self.series, self.source, self.objects, newest))
        ranges = [self._grid(*bounds) for bounds in union((o.start, o.end) for o in lost)]
        self._expect(ranges)
        for bounds in ranges:
            await self._get(self._stored.request(*bounds))
        await self._settling.settle()
        aside = await asyncio.to_thread(settle, self.lake.bucket, self.series, damage)
        self._mended = f"lost objects fetched again: {len(lost):,}, damaged ones moved to {FOLDER}: {aside:,}"

    async def _get(
        self, asked: PageRequest, holes: Sequence[Range] = (), unknown: Sequence[Range] | None = None
    ) -> None:
        """Request a range, and store answers as they arrive; with `holes`, only what fills them.

        Doubts about ranges that were answered before, those outside of `unknown`, do not matter.
        """
        some = holes if len(holes) > 1 or unknown is not None else ()
        try:
            async for answer in self._reported(asked):
                doubts = answer.doubts if unknown is None else within(answer.doubts, unknown)
                self._settling.doubts += within(doubts, holes) if some else doubts
                await self.buffer.add(answer, some)
                await self.buffer.rest()
        finally:
            await self.buffer.finish()

    async def _get_in_order(self, bounds: Range) -> bool:
        """Request a range in slices, oldest first; False where it ends at a doubt."""
        asked, pending, name = self._stored.request(*bounds), list[Doubt](), self.series.interval
        try:
            while asked.low < bounds[1]:
                asked = asked._replace(high=min(bounds[1], intervals.next_open(name, asked.low, _SLICE)))
                answers = await self._slice(asked, bounds[1])
                pending = merged([*pending, *(one for answer in answers for one in answer.doubts if not one.why)])
                pending = self._doubt(pending, last=asked.high == bounds[1])
                if not await self._store_in_order(answers):
                    return False
                asked, empty = _behind(asked, answers), not any(len(answer.cleaned.table) for answer in answers)
                if pending and self._bars((pending[-1].start, pending[-1].end)) <= _OVERLAP:
                    asked = asked._replace(low=pending.pop().start)  # the next answer shows candles on both sides
                if empty and await self._is_over(asked.left, (asked.low, bounds[1])):
                    break
        finally:
            await self.buffer.finish()
        return True

    def _doubt(self, doubts: Sequence[Doubt], *, last: bool) -> list[Doubt]:
        """Doubts to be settled now; those that the next slice may end are returned, unless this one is the last."""
        self._settling.doubts = [one for one in doubts if last or one.right is not None]
        return [one for one in doubts if not (last or one.right is not None)]

    async def _slice(self, asked: PageRequest, end: int) -> list[PageAnswer]:
        """All answers of a slice; of an exchange that is silent they are asked for once more, later."""
        answers = [answer async for answer in self._reported(asked)]
        if not (silent := _silent(answers)):
            return answers
        await self._settling.wait(silent)
        answers = [answer async for answer in self._reported(asked)]
        self._settling.doubtful += [replace(one, end=end) for one in _silent(answers)]
        return answers

    async def _store_in_order(self, answers: Sequence[PageAnswer]) -> bool:
        """Store answers up to the first doubt, settle it, then store the others; False where it stays."""
        ordered = sorted(answers, key=lambda one: one.page.start)
        first = min((one.start for one in (*self._settling.doubts, *self._settling.doubtful)), default=LATEST)
        for answer in ordered:
            await self.buffer.add(answer.part(EARLIEST, first))
        if first < LATEST and not self._settling.doubtful:
            await self._settling.settle()
        if not self._settling.doubtful:
            for answer in ordered:
                await self.buffer.add(answer.part(first, LATEST))
            await self.buffer.rest()
        return not self._settling.doubtful

    async def _reported(self, asked: PageRequest) -> AsyncIterator[PageAnswer]:
        """Answers, until longer bars show that the market ended long ago."""
        left = asked.left
        async for answer in self._pages.each(asked):
            if not _silent([answer]):
                self._advance(answer)
            yield answer
            self.check_wanted()
            ts = stamps(answer.cleaned.table)
            left = int(ts[-1]) if len(ts) else left
            rest = (answer.page.end, asked.high)
            if not len(ts) and self._pages.is_open(asked.high) and await self._is_over(left, rest):
                break

    async def _is_over(self, last: int | None, rest: Range) -> bool:
        if last is None or self._bars(rest) <= _SLICE:
            return False
        return await self._cross_check.ended(last, self._pages.closed)

    def _advance(self, answer: PageAnswer) -> None:
        bars = self._bars((answer.page.start, answer.page.end))
        bars -= sum(self._bars((one.start, one.end)) for one in answer.doubts)
        self.work.advance(max(0, bars), part=str(self.series))

    def check_wanted(self) -> None:
        """Continue only if the user has not skipped this series.

        Raises:
            Skipped: the user has.
        """
        if self.work.given_up(str(self.series)):
            raise Skipped

    def _missing(self, start: int | None, end: int | None) -> list[Range]:
        answered = self._stored.answered(self.lake.bucket)
        return self._stored.with_last(subtract(self._grid(start, end), answered))

    def _expect(self, missing: Iterable[Range]) -> None:
        self.work.expect(sum(map(self._bars, missing)), part=str(self.series))

    def _bars(self, bounds: Range) -> int:
        return intervals.count(self.series.interval, max(bounds[0], self._expected_from), bounds[1])

    def _grid(self, start: int | None, end: int | None) -> Range:
        name, closed = self.series.interval, self._pages.closed
        first = max(EARLIEST if start is None else start, self._oldest())
        return intervals.ceil(name, first), min(closed, closed if end is None else intervals.ceil(name, end))

    def _oldest(self) -> int:
        """Open of the oldest candle that the exchange still gives, ms UTC: the one under way is the first it counts."""
        if self.exchange.history is None:
            return 0
        under_way = intervals.floor(self.series.interval, self.exchange.now())
        return intervals.next_open(self.series.interval, under_way, 1 - self.exchange.history)


def _behind(asked: PageRequest, answers: Iterable[PageAnswer]) -> PageRequest:
    """The next request, from the last candle that was received."""
    lasts = [int(ts[-1]) for answer in answers if len(ts := stamps(answer.cleaned.table))]
    return asked._replace(low=asked.high, left=max(lasts, default=asked.left))


def _silent(answers: Iterable[PageAnswer]) -> list[Doubt]:
    return [doubt for answer in answers for doubt in answer.doubts if doubt.why]


def _together(interval: str, holes: Iterable[Range]) -> Iterator[list[Range]]:
    """Holes that one answer can fill: sparse markets have a hundred thousand of a bar each."""
    group: list[Range] = []
    for hole in holes:
        if group and intervals.count(interval, group[0][0], hole[1]) > _TOGETHER:
            yield group
            group = []
        group.append(hole)
    if group:
        yield group
