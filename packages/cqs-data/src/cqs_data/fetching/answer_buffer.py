"""Answers on their way into the lake: checked, gathered for about a second, stored in a thread."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import UsageError
from cqs_core.lake import AdjacentCandles, Spans, quarantine, remove, stamps
from cqs_core.lake.ranges import Range, union
from cqs_core.time import intervals
from cqs_data.fetching.endpoints import check_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from cqs_core import Lake, Series
    from cqs_core.lake import LakeObject, Reject
    from cqs_data.fetching.paging import PageAnswer

_GATHER = 1.0  # seconds of answers that a kill may lose
_MANY = 20_000  # rows that are stored at once at most


def within(table: pa.Table, holes: Sequence[Range]) -> pa.Table:
    """The rows that fill the holes."""
    wanted, ts = Spans.of(holes), stamps(table)
    at = np.searchsorted(wanted.starts, ts, "right") - 1
    return table.filter((at >= 0) & (ts < wanted.ends[at]))


@dataclass
class AnswerBuffer:
    """Answers of a series on their way.

    Attributes:
        lake: where they go.
        series: whose they are.
        source: `exchange` or `endpoint`.
        objects: of the series, as a listing showed them.
        seen: a seq that new objects must be newer than, besides those of the objects.
        stored: rows in the lake so far.
        written: objects in the lake so far.
        rejected: rows in quarantine so far.
        flagged: rows that jump absurdly so far; they are stored, and noted in quarantine.
        keep_empty: whether answers without any candle are stored too.
    """

    lake: Lake
    series: Series
    source: str
    objects: Sequence[LakeObject] = ()
    seen: int = 0
    stored: int = 0
    written: int = 0
    rejected: int = 0
    flagged: int = 0
    keep_empty: bool = True
    _tables: list[pa.Table] = field(default_factory=list)
    _ranges: list[Range] = field(default_factory=list)
    _since: float = 0.0
    _writing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._seen = max((self.seen, *(o.seq for o in self.objects)))
        self._neighbours = AdjacentCandles(self.lake.bucket, self.objects)

    async def add(self, answer: PageAnswer, holes: Sequence[Range] = ()) -> None:
        """Take an answer, as far as it is believed; where `holes` are repaired, only what fills them."""
        cleaned = answer.cleaned
        if cleaned.rejects:
            self.rejected += len(cleaned.rejects)
            await asyncio.to_thread(self._quarantine, cleaned.rejects, (answer.page.start, answer.page.end))
        if not answer.answered:
            return
        if not self._ranges:
            self._since = time.monotonic()
        self._ranges += answer.answered
        self._tables.append(within(cleaned.table, holes) if holes else cleaned.table)

    async def rest(self) -> None:
        """Store the buffered answers about once a second, or earlier if there are many."""
        if time.monotonic() - self._since > _GATHER or sum(map(len, self._tables)) > _MANY:
            await self._start_writing()

    async def finish(self) -> None:
        """All that was added is in the lake when this returns."""
        await self._start_writing()
        await self._written()

    async def _start_writing(self) -> None:
        await self._written()
        tables, ranges = self._tables, union(self._ranges)
        self._tables, self._ranges = [], []
        if not ranges or not (self.keep_empty or any(map(len, tables))):
            return
        self._writing = asyncio.create_task(asyncio.to_thread(self._store, tables, ranges))

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing:
            await writing

    def _store(self, tables: Sequence[pa.Table], ranges: Sequence[Range]) -> None:
        import pyarrow as pa

        whole = pa.concat_tables(tables).sort_by("ts").combine_chunks()
        for bounds in ranges:
            self._store_range(within(whole, [bounds]), bounds)

    def _store_range(self, table: pa.Table, bounds: Range) -> None:
        whole, bounds = self._without_known(table, bounds)
        if bounds[0] >= bounds[1]:
            return
        jumps = self._neighbours.jumps(whole)
        self._quarantine(jumps, bounds)
        self.flagged += len(jumps)
        self._append(whole, bounds)
        self.stored += len(whole)

    def _append(self, table: pa.Table, bounds: Range) -> None:
        """Store it; of a new series, take it back where others stored candles of another source meanwhile.

        Raises:
            UsageError: made-up and real candles would mix.
        """
        written = self.lake.append(self.series, table, *bounds, source=self.source, seen=self._seen)
        if not self.written and not self.objects:
            try:
                check_source(self.series, self.lake.objects(self.series), self.source)
            except UsageError:
                remove(self.lake.bucket, [o.key for o in written])
                raise
        self.written += len(written)

    def _without_known(self, table: pa.Table, bounds: Range) -> tuple[pa.Table, Range]:
        """Without the last candle that is stored, which an update asks for again: only where it changed it stays."""
        last = max((o.last for o in self.objects if o.rows), default=None)
        if not len(table) or int(stamps(table)[0]) != bounds[0] or bounds[0] != last:
            return table, bounds
        if not self._neighbours.row(last).equals(table.slice(0, 1)):
            return table, bounds
        return table.slice(1), (intervals.next_open(self.series.interval, last), bounds[1])

    def _quarantine(self, rows: Sequence[Reject], page: Range) -> None:
        quarantine(self.lake.bucket, self.series, rows, page, self.source)
