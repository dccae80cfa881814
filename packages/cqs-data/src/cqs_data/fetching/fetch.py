"""Many series at once, under the exchange's rate limit; one that fails stops none of the others."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cqs_core import (
    DataError,
    Exchange,
    ExchangeError,
    Lake,
    Series,
    UnknownName,
    plugins,
    progress,
    settings,
)
from cqs_core.host import connection
from cqs_data.exchanges.connection import check_endpoint
from cqs_data.fetching.endpoints import left_alone
from cqs_data.fetching.exchange_session import ExchangeSession, Fetched
from cqs_data.fetching.loops import run_apart, run_async
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.fetching.selection import Selection, listing, select
from cqs_data.fetching.series_fetch import SeriesFetch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from cqs_core import Bucket, SeriesStatus
    from cqs_core.lake.mending import Damage
    from cqs_core.lake.ranges import Range

    Work: TypeAlias = Callable[["ExchangeSession"], Awaitable[list["Fetched"]]]

_GONE = "{} does not list it any more; what the lake has stays"


def fetch(
    lake: Lake | Bucket | str,
    selection: Selection | str | Sequence[str],
    endpoint: str | None = None,
    retry: RetryPolicy | None = None,
) -> list[Fetched]:
    """Download the missing candles of a selection.

    Args:
        lake: where candles go, or its bucket.
        selection: which series, and the range; symbols alone mean all their days.
        endpoint: base URL instead of the real exchange; default CQS_ENDPOINT. Such candles are marked.
        retry: how often and how long to ask again.

    Raises:
        UsageError: the endpoint is none, it would mix with a real exchange's candles, or the exchange does not list a
            market; nothing was written.
        ExchangeError: the exchange does not even list its markets.

    >>> from cqs_data import select
    >>> [done] = fetch(lake, select("BTC", "1d", start="2024-01-01", end="2024-01-07"))
    >>> done.series, done.rows, done.error
    (Series(exchange='upbit', market='BTC/KRW', interval='1d'), 7, None)
    """
    wanted, work = _fetching(selection)
    return _connected(_lake(lake), wanted.exchange, _endpoint(endpoint), retry, "fetch", work)


async def fetch_async(
    lake: Lake | Bucket | str,
    selection: Selection | str | Sequence[str],
    endpoint: str | None = None,
    retry: RetryPolicy | None = None,
) -> list[Fetched]:
    """The same to await. The work has its own thread and loop, and ends with the task that awaits it.

    >>> import asyncio
    >>> from cqs_data import select
    >>> wanted = select("ETH", "1d", start="2024-01-01", end="2024-01-07")
    >>> [done] = asyncio.run(fetch_async(lake, wanted))  # in a notebook: await fetch_async(lake, wanted)
    >>> done.rows
    7
    """
    wanted, work = _fetching(selection)
    with _working(wanted.exchange, _endpoint(endpoint), retry, "fetch") as connected:
        return await run_apart(connected(_lake(lake), work))


def _endpoint(given: str | None) -> str | None:
    return settings().endpoint if given is None else given


def _lake(given: Lake | Bucket | str) -> Lake:
    return given if isinstance(given, Lake) else Lake(given)


def _fetching(
    given: Selection | str | Sequence[str],
) -> tuple[Selection, Work]:
    """The selection, fetched over an open connection."""
    selection = given if isinstance(given, Selection) else select(given)

    async def work(session: ExchangeSession) -> list[Fetched]:
        series = await selection.listed(session.exchange, session.retry)
        done = await session.each(series, lambda part: part.fetch(selection.start, selection.end))
        return [replace(one, note="; ".join(filter(None, [one.note, series[one.series]]))) for one in done]

    return selection, work


def update(lake: Lake | Bucket | str, endpoint: str | None = None, retry: RetryPolicy | None = None) -> list[Fetched]:
    """Download what came since, for exactly the series that the lake has.

    Series of an endpoint are left alone without one, those of real exchanges with one; a note says so. An exchange that
    does not answer fails its own series only. The endpoint is that of CQS_ENDPOINT by default.

    >>> from cqs_data import select
    >>> [done] = fetch(lake, select("BTC", "1d", start="2024-01-01", end="2024-01-07"))
    >>> [done] = update(lake)
    >>> done.series.market, done.rows > 300
    ('BTC/KRW', True)
    """
    lake, endpoint = _lake(lake), _endpoint(endpoint)
    statuses = lake.status()
    gone = [
        Fetched(one.series, 0, 0, "endpoint" if endpoint else "exchange", error=DataError(one.problem))
        for one in statuses
        if not one.objects
    ]
    kept = [one for one in statuses if one.objects]
    return gone + _each_exchange(lake, kept, endpoint, retry, "update", SeriesFetch.update)


def repair(
    lake: Lake | Bucket | str,
    holes: Sequence[tuple[Series, Range]],
    endpoint: str | None = None,
    retry: RetryPolicy | None = None,
) -> list[Fetched]:
    """Ask again for these ranges; series of another source are left alone, as by `update`.

    >>> from cqs_data import select
    >>> [done] = fetch(lake, select("BTC", "1d", start="2024-01-01", end="2024-01-07"))
    >>> [done] = fetch(lake, select("BTC", "1d", start="2024-01-15", end="2024-01-21"))
    >>> [done] = repair(lake, [(gap.series, (gap.start, gap.end)) for gap in lake.gaps()])
    >>> done.rows
    7
    """
    lake, endpoint = _lake(lake), _endpoint(endpoint)
    wanted: dict[Series, list[Range]] = {}
    for series, hole in holes:
        wanted.setdefault(series, []).append(hole)
    statuses = [one for one in lake.status() if one.series in wanted]
    return _each_exchange(lake, statuses, endpoint, retry, "repair", lambda p: p.repair(wanted[p.series]))


def mend(
    lake: Lake, found: Mapping[Series, Damage], endpoint: str | None = None, retry: RetryPolicy | None = None
) -> list[Fetched]:
    """Ask again for what damaged and missing objects answered; series of another source are left alone."""
    endpoint = _endpoint(endpoint)
    statuses = [one for one in lake.status() if found.get(one.series)]
    return _each_exchange(lake, statuses, endpoint, retry, "repair", lambda part: part.mend(found[part.series]))


def _connected(
    lake: Lake,
    kind: type[Exchange],
    endpoint: str | None,
    retry: RetryPolicy | None,
    title: str,
    do: Work,
) -> list[Fetched]:
    with _working(kind, endpoint, retry, title) as connected:
        return run_async(connected(lake, do))


@contextlib.contextmanager
def _working(
    kind: type[Exchange], endpoint: str | None, retry: RetryPolicy | None, title: str
) -> Iterator[Callable[[Lake, Work], Coroutine[Any, Any, list[Fetched]]]]:
    """Progress, while the block runs what this gives: something to do with an open connection."""
    base, waiting = check_endpoint(endpoint), retry or RetryPolicy()

    async def connected(lake: Lake, do: Work) -> list[Fetched]:
        async with connection(kind, base) as exchange:
            return await do(ExchangeSession(exchange, lake, waiting, work))

    with progress(title, unit="candles") as work:
        waiting.report = work.say
        work.say(f"markets of {kind.title or kind.id}")
        yield connected


def _each_exchange(
    lake: Lake,
    statuses: Iterable[SeriesStatus],
    endpoint: str | None,
    retry: RetryPolicy | None,
    title: str,
    do: Callable[[SeriesFetch], Awaitable[None]],
) -> list[Fetched]:
    """Do something for known series, exchange by exchange; those of another source are left alone, with a note."""
    source, done = "endpoint" if endpoint else "exchange", []
    found: dict[str, list[Series]] = {}
    for status in statuses:
        if why := left_alone(status.sources, source):
            done.append(Fetched(status.series, 0, 0, "exchange" if endpoint else "endpoint", note=why))
        else:
            found.setdefault(status.series.exchange, []).append(status.series)
    for exchange, series in found.items():
        done += _of_exchange(lake, exchange, series, endpoint, retry, title, do)
    return sorted(done, key=lambda one: one.series)


def _of_exchange(
    lake: Lake,
    exchange: str,
    series: Sequence[Series],
    endpoint: str | None,
    retry: RetryPolicy | None,
    title: str,
    do: Callable[[SeriesFetch], Awaitable[None]],
) -> list[Fetched]:
    """Known series of one exchange; where it does not answer at all, or is unknown here, each carries the error."""
    source = "endpoint" if endpoint else "exchange"

    async def work(session: ExchangeSession) -> list[Fetched]:
        known = await listing(session.exchange, session.retry, {one.market for one in series})
        gone = [Fetched(one, 0, 0, source, note=_GONE.format(exchange)) for one in series if one.market not in known]
        return gone + await session.each([one for one in series if one.market in known], do)

    try:
        return _connected(lake, plugins().exchange(exchange), endpoint, retry, title, work)
    except (ExchangeError, UnknownName) as error:
        return [Fetched(one, 0, 0, source, error=error) for one in series]
