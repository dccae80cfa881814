"""Work on many series of one open exchange: some at once, and what came of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import BucketError, BucketUnavailable, CqsError, DataError, Exchange, ExchangeError, Lake, Series
from cqs_data.fetching.endpoints import check_source, source_of
from cqs_data.fetching.series_fetch import SeriesFetch, Skipped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from cqs_core.jobs import Progress
    from cqs_data.fetching.doubts import Doubt
    from cqs_data.fetching.retry import RetryPolicy

_AT_ONCE = 8
_UNMERGED = 32  # small objects from which a series is compacted


@dataclass(frozen=True)
class Fetched:
    """The result of one series.

    Attributes:
        series: which.
        rows: candles that are new in the lake.
        rejected: rows that went to quarantine.
        flagged: rows that are stored and noted in quarantine, since they jump absurdly.
        source: `exchange` or `endpoint`.
        error: why it is not complete; None where it is.
        note: other facts, such as an exchange that gives only its last candles.
        history: how many candles of the series the exchange gives at most, as it was seen to; None where it gives all.
        doubtful: ranges in which the exchange showed no candles, which is not believed: they are asked for again.
    """

    series: Series
    rows: int
    rejected: int
    source: str
    flagged: int = 0
    error: CqsError | None = None
    note: str = ""
    history: int | None = None
    doubtful: Sequence[Doubt] = ()


@dataclass
class ExchangeSession:
    """Work on one open exchange."""

    exchange: Exchange
    lake: Lake
    retry: RetryPolicy
    work: Progress

    async def each(self, series: Iterable[Series], do: Callable[[SeriesFetch], Awaitable[None]]) -> list[Fetched]:
        """Do something for every series, some at once; compact those that grew into many objects."""
        names = list(series)
        found = await asyncio.to_thread(self.lake.catalog, self.exchange.id)
        for name in names:
            check_source(name, found.get(name, ()), source_of(self.exchange))
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(name: Series) -> Fetched:
            async with gate:
                objects = found.get(name, ())
                return await self._one(
                    SeriesFetch(self.exchange, self.lake, name, self.retry, self.work, objects, gate), do
                )

        ended = await _all_or_unavailable([asyncio.create_task(one(name)) for name in names])
        failed = [result for result in ended if isinstance(result, BaseException)]
        for error in sorted(failed, key=lambda error: isinstance(error, asyncio.CancelledError)):
            raise error
        return [result for result in ended if isinstance(result, Fetched)]

    async def _one(self, part: SeriesFetch, do: Callable[[SeriesFetch], Awaitable[None]]) -> Fetched:
        error: CqsError | None = None
        left = ""
        try:
            part.check_wanted()
            await do(part)
            if len(part.objects) + part.buffer.written >= _UNMERGED:
                done = await asyncio.to_thread(self.lake.compact, [part.series], _UNMERGED)
                error = DataError(done.problems[0]) if done.problems else None
        except BucketUnavailable:
            raise
        except Skipped:
            left = "canceled; stored candles are kept"
            self.work.drop(str(part.series))
        except (BucketError, DataError, ExchangeError) as failed:
            error = failed
        history = self.exchange.kept(part.series.market, part.series.interval)
        notes = [f"{self.exchange.id} gives only its last {history:,} candles" if history else "", part.note, left]
        note, buffer = "; ".join(filter(None, notes)), part.buffer
        counts = buffer.stored, buffer.rejected, part.source, buffer.flagged
        return Fetched(part.series, *counts, error, note, history, part.doubtful)


async def _all_or_unavailable(tasks: Sequence[asyncio.Task[Fetched]]) -> list[Fetched | BaseException]:
    """The result of each; if the bucket is gone, the others are canceled, since nothing could be stored."""

    def look(ended: asyncio.Task[Fetched]) -> None:
        if not ended.cancelled() and isinstance(ended.exception(), BucketUnavailable):
            for task in tasks:
                task.cancel()

    for task in tasks:
        task.add_done_callback(look)
    return await asyncio.gather(*tasks, return_exceptions=True)
