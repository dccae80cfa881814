"""One series: which of its ranges are asked for, and in which order they are stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core.lake import FRESH, imported
from cqs_core.lake.mending import FOLDER, settle
from cqs_core.lake.ranges import Range, subtract, union
from cqs_core.time import clock, intervals
from cqs_data.exchanges.unified import EARLIEST
from cqs_data.fetching.paging import Answer, Pages
from cqs_data.fetching.run import Run
from cqs_data.fetching.sources import source_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from cqs_core import Exchange, Lake, Series
    from cqs_core.jobs import Progress
    from cqs_core.lake import LakeObject
    from cqs_core.lake.mending import Damage
    from cqs_data.fetching.patience import Patience

_LONG = 5_000  # bars to ask for, from which it pays to know where the market begins
_TOGETHER = 200  # bars; no exchange of ours gives fewer in one answer
_SLICE = 1_000  # bars of an update that are stored together, five answers at the most


@dataclass
class SeriesFetch:
    """The fetching of one series.

    Attributes:
        exchange: a connection.
        lake: where candles go.
        series: which.
        patience: how the exchange is waited for.
        work: whose progress this is a part of.
        objects: of the series, as a listing showed them.
        run: what was stored.
        note: what the user should know of it.
    """

    exchange: Exchange
    lake: Lake
    series: Series
    patience: Patience
    work: Progress
    objects: Sequence[LakeObject] = ()
    note: str = ""

    def __post_init__(self) -> None:
        self.run = Run(self.lake, self.series, self.source, self.objects)
        self._pages = Pages(self.exchange, self.series, self.patience, self.objects)
        self._expected_from = 0  # ms UTC; before it nothing is expected

    @property
    def source(self) -> str:
        return source_of(self.exchange)

    async def fetch(self, start: int | None, end: int | None) -> None:
        """Get what of `[start, end)` was not answered before; None is all that the exchange has.

        Raises:
            ExchangeError: the exchange does not answer; what it did answer is stored.
            DataError: its bars open at other times than the lake's.
        """
        self._pages.asked = start, end
        missing = subtract(self._grid(start, end), self._answered())
        if sum(map(self._bars, missing)) > _LONG:
            self._expected_from = await self._pages.origin() or 0
        self._expect(missing)
        for group in _together(self.series.interval, missing):
            await self._get((group[0][0], group[-1][1]), holes=group if len(group) > 1 else ())
        await self._tell_beginning(start or 0)

    async def update(self) -> None:
        """Get what came since the newest answer, oldest first, so that a kill leaves no hole behind.

        The last candle is asked for once more where it was fetched soon after its end: exchanges may still have
        changed it.
        """
        own = [o.end for o in self.objects if o.source == self.source]
        newest = max(own or (o.last for o in self.objects), default=EARLIEST)  # a file's last candle may have been open
        missing = subtract(self._grid(newest, None), self._answered())
        if missing and (last := self._unsettled()) is not None and missing[0][0] == newest:
            missing[0] = last, missing[0][1]
        self._expect(missing)
        for bounds in missing:
            try:
                for part in _slices(self.series.interval, bounds):
                    await self._get_whole(part)
            finally:
                await self.run.finish()

    async def repair(self, holes: Iterable[Range]) -> None:
        """Ask again for these ranges; an answer without candles is stored only where there was none before."""
        within = ((max(start, self._oldest()), end) for start, end in holes)
        groups = list(_together(self.series.interval, sorted(hole for hole in within if hole[0] < hole[1])))
        self._expect((group[0][0], group[-1][1]) for group in groups)
        answered = self._answered()
        for group in groups:
            self.run.keep_empty = any(subtract(hole, answered) for hole in group)
            await self._get((group[0][0], group[-1][1]), holes=group)

    async def mend(self, damage: Damage) -> None:
        """Ask again for what damaged and missing objects answered; then set the damaged ones aside.

        Only sound objects are looked at, and what they answer is asked for too: of a damaged one that is newer, nobody
        knows what it changed.
        """
        lost = [o for o in (*damage.damaged, *damage.missing) if o.source == self.source]
        self.objects = damage.sound
        newest = max((o.seq for o in damage.missing), default=0)
        self.run = Run(self.lake, self.series, self.source, self.objects, newest)
        self._pages = Pages(self.exchange, self.series, self.patience, self.objects)
        ranges = [self._grid(*bounds) for bounds in union((o.start, o.end) for o in lost)]
        self._expect(ranges)
        for bounds in ranges:
            await self._get(bounds)
        aside = await asyncio.to_thread(settle, self.lake.bucket, self.series, damage)
        self.note = f"lost objects fetched again: {len(lost):,}, damaged ones moved to {FOLDER}: {aside:,}"

    async def _get(self, bounds: Range, holes: Sequence[Range] = ()) -> None:
        """Ask for a range, and store what comes while it comes; of `holes`, only what fills them."""
        try:
            async for answer in self._told(bounds):
                await self.run.add(answer, holes)
                await self.run.rest()
        finally:
            await self.run.finish()

    async def _get_whole(self, bounds: Range) -> None:
        """Ask for a range, and store it when all of it has come."""
        for answer in [answer async for answer in self._told(bounds)]:
            await self.run.add(answer)
        await self.run.rest()

    async def _told(self, bounds: Range) -> AsyncIterator[Answer]:
        async for answer in self._pages.each(*bounds):
            self.work.advance(self._bars((answer.page.start, answer.page.end)), part=str(self.series))
            yield answer

    def _answered(self) -> list[Range]:
        """What this source or a file has told; the emptiness that an endpoint shows says nothing of the exchange."""
        files = imported(self.lake.bucket, self.series, self.objects)
        own = [(o.start, o.end) for o in self.objects if o.source == self.source]
        return [*own, *zip(files.starts.tolist(), files.ends.tolist(), strict=True)]

    def _unsettled(self) -> int | None:
        """Open of the last candle, if it was stored so soon after its end that it may have changed since."""
        newest = max((o for o in self.objects if o.rows), key=lambda o: (o.last, o.seq), default=None)
        if newest is None or newest.source != self.source:
            return None
        ended = intervals.next_open(self.series.interval, newest.last)
        return newest.last if newest.end == ended and newest.seq - ended < FRESH else None

    async def _tell_beginning(self, start: int) -> None:
        """Note where the exchange begins later with this interval than with its longest bars."""
        first = self._pages.first
        if self.exchange.kept(self.series.market, self.series.interval):
            return
        if first is not None and self._expected_from and start < first and not await self._pages.begins(first):
            since, began = (clock.iso(at)[:10] for at in (self._expected_from, first))
            told = f"{self.series.interval} begins {began}, though the market is there since {since}"
            self.note = f"{told}: {self.exchange.id} may give only its last candles"

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


def _slices(interval: str, bounds: Range) -> Iterator[Range]:
    at, end = bounds
    while at < end:
        stop = min(end, intervals.next_open(interval, at, _SLICE))
        yield at, stop
        at = stop


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
