"""Many series at once, under the exchange's rate limit; one that fails stops none of the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from cqs_core import CqsError, ExchangeError, Lake, Series, progress
from cqs_core.progress import Progress
from cqs_data.exchanges.connection import check_endpoint
from cqs_data.fetching.patience import Patience
from cqs_data.fetching.selection import Selection
from cqs_data.fetching.series import SeriesFetch

_AT_ONCE = 8
_T = TypeVar("_T")


@dataclass(frozen=True)
class Fetched:
    """What became of one series.

    Attributes:
        series: which.
        rows: candles that are new in the lake.
        rejected: rows that went to quarantine.
        source: `exchange` or `endpoint`.
        error: why it is not complete; None where it is.
    """

    series: Series
    rows: int
    rejected: int
    source: str
    error: CqsError | None = None


def fetch(
    lake: Lake, selection: Selection, endpoint: str | None = None, patience: Patience | None = None
) -> list[Fetched]:
    """Download what the lake lacks of a selection.

    Args:
        lake: where candles go.
        selection: which series, and the range.
        endpoint: base URL instead of the real exchange; such candles are marked.
        patience: how the exchange is waited for.

    Raises:
        UsageError: the endpoint is none, or the exchange does not list a market; nothing was written.
        ExchangeError: the exchange does not even list its markets.
    """
    with progress("fetch", unit="candles") as work:
        return run_async(_fetch(lake, selection, check_endpoint(endpoint), patience or Patience(), work))


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine, also where a loop runs already (notebooks, dashboards): then in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


async def _fetch(
    lake: Lake, selection: Selection, endpoint: str | None, patience: Patience, work: Progress
) -> list[Fetched]:
    async with selection.exchange(endpoint) as exchange:
        listed = await patience.ask(exchange.markets)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(series: Series) -> Fetched:
            async with gate:
                return await _one(SeriesFetch(exchange, lake, series, patience, work), selection)

        return list(await asyncio.gather(*(one(series) for series in selection.series(listed))))


async def _one(part: SeriesFetch, selection: Selection) -> Fetched:
    error: CqsError | None = None
    try:
        await part.fetch(selection.start, selection.end)
    except ExchangeError as failed:
        error = failed
    return Fetched(part.series, part.run.stored, part.run.rejected, part.source, error)
