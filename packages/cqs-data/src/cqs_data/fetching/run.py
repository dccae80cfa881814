"""Answers on their way into the lake: checked, gathered for about a second, stored in a thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.lake.cleaning import Cleaned, clean
from cqs_core.lake.jumps import Neighbours
from cqs_core.lake.quarantine import quarantine
from cqs_core.lake.spans import Spans
from cqs_core.lake.table import stamps

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core import Lake, Page, Series
    from cqs_core.lake.cleaning import Reject
    from cqs_core.lake.names import LakeObject
    from cqs_core.lake.ranges import Range

_GATHER = 1.0  # seconds of answers that a kill may lose
_MANY = 20_000  # rows that are stored at once at most


def check(page: Page, series: Series, closed: int) -> Cleaned:
    """The rows of a page, each looked at."""
    return clean(page.rows, series.interval, page.start, page.end, closed)


def within(cleaned: Cleaned, holes: Sequence[Range]) -> Cleaned:
    """What of it fills the holes."""
    wanted = Spans.of(holes)
    ts = stamps(cleaned.table)
    at = np.searchsorted(wanted.starts, ts, "right") - 1
    return Cleaned(cleaned.table.filter((at >= 0) & (ts < wanted.ends[at])), cleaned.rejects)


@dataclass
class Run:
    """One unbroken run of answers of a series.

    Attributes:
        lake: where they go.
        series: whose they are.
        source: `exchange` or `endpoint`.
        objects: of the series, as a listing showed them.
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
    stored: int = 0
    written: int = 0
    rejected: int = 0
    flagged: int = 0
    keep_empty: bool = True
    _tables: list[pa.Table] = field(default_factory=list)
    _range: Range | None = None
    _since: float = 0.0
    _writing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._seen = max((o.seq for o in self.objects), default=0)
        self._neighbours = Neighbours(self.lake.bucket, self.objects)

    async def add(self, page: Page, answered: Range, cleaned: Cleaned) -> None:
        """Take what came in a page; the range that it answers touches those before it."""
        if cleaned.rejects:
            self.rejected += len(cleaned.rejects)
            await asyncio.to_thread(self._quarantine, cleaned.rejects, (page.start, page.end))
        if answered[0] >= answered[1]:
            return
        if self._range is None:
            self._range, self._since = answered, time.monotonic()
        self._range = min(self._range[0], answered[0]), max(self._range[1], answered[1])
        self._tables.append(cleaned.table)
        if time.monotonic() - self._since > _GATHER or sum(map(len, self._tables)) > _MANY:
            await self._start_writing()

    async def finish(self) -> None:
        """All that was added is in the lake when this returns."""
        await self._start_writing()
        await self._written()

    async def _start_writing(self) -> None:
        await self._written()
        tables, bounds = self._tables, self._range
        self._tables, self._range = [], None
        if bounds is None or not (self.keep_empty or any(map(len, tables))):
            return
        self._writing = asyncio.create_task(asyncio.to_thread(self._store, tables, bounds))

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing:
            await writing

    def _store(self, tables: Sequence[pa.Table], bounds: Range) -> None:
        import pyarrow as pa

        whole = pa.concat_tables(tables).sort_by("ts").combine_chunks()
        jumps = self._neighbours.jumps(whole)
        self._quarantine(jumps, bounds)
        self.flagged += len(jumps)
        self.written += len(self.lake.append(self.series, whole, *bounds, source=self.source, seen=self._seen))
        self.stored += len(whole)

    def _quarantine(self, rows: Sequence[Reject], page: Range) -> None:
        quarantine(self.lake.bucket, self.series, rows, page, self.source)
