"""Answers on their way into the lake: checked, gathered for about a second, stored in a thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cqs_core.lake.cleaning import Cleaned, clean
from cqs_core.lake.quarantine import quarantine

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core import Lake, Page, Series
    from cqs_core.lake.ranges import Range

_GATHER = 1.0  # seconds of answers that a kill may lose
_MANY = 20_000  # rows that are stored at once at most


def check(page: Page, series: Series, closed: int) -> Cleaned:
    """The rows of a page, each looked at."""
    return clean(page.rows, series.interval, page.start, page.end, closed)


@dataclass
class Run:
    """One unbroken run of answers of a series.

    Attributes:
        lake: where they go.
        series: whose they are.
        source: `exchange` or `endpoint`.
        seen: newest seq of the series in the lake.
        stored: rows in the lake so far.
        written: objects in the lake so far.
        rejected: rows in quarantine so far.
        keep_empty: whether answers without any candle are stored too.
    """

    lake: Lake
    series: Series
    source: str
    seen: int = 0
    stored: int = 0
    written: int = 0
    rejected: int = 0
    keep_empty: bool = True
    _tables: list[pa.Table] = field(default_factory=list)
    _range: Range | None = None
    _since: float = 0.0
    _writing: asyncio.Task[None] | None = None

    async def add(self, page: Page, cleaned: Cleaned) -> None:
        """Take an answer that touches those before it."""
        if self._range is None:
            self._range, self._since = (page.start, page.end), time.monotonic()
        self._range = min(self._range[0], page.start), max(self._range[1], page.end)
        self._tables.append(cleaned.table)
        apart = [*cleaned.rejects, *cleaned.flagged]
        if apart:
            self.rejected += len(cleaned.rejects)
            bounds = page.start, page.end
            await asyncio.to_thread(quarantine, self.lake.bucket, self.series, apart, bounds, self.source)
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
        self.written += len(self.lake.append(self.series, whole, *bounds, source=self.source, seen=self.seen))
        self.stored += len(whole)
