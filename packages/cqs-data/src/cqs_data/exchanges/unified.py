"""Any exchange, through stock ccxt: the base class of those refined here, and good enough for most others."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cqs_core import Exchange, ExchangeBusy, Listing, Page, UsageError
from cqs_core.time import clock, intervals
from cqs_data.exchanges.caps import Caps
from cqs_data.exchanges.ccxt_ids import require_known
from cqs_data.exchanges.connection import connect, server_time, speaking
from cqs_data.exchanges.depth import HISTORY, Depth

if TYPE_CHECKING:
    from types import TracebackType

Row = Sequence[float | None]
EARLIEST = 1_262_304_000_000  # 2010-01-01: no exchange has older candles
_OLDEST = EARLIEST - 31 * intervals.DAY  # open of the longest bar that may contain it
_ARGUMENTS = {
    *("apiKey", "secret", "password", "uid", "headers", "fees", "timeout", "rateLimit", "enableRateLimit", "verbose"),
    *("options", "urls", "proxies", "httpProxy", "httpsProxy", "socksProxy", "hostname", "userAgent", "markets"),
}
_PIECES = 50  # answers of which one is put together at most


class CcxtExchange(Exchange):
    """An exchange by its ccxt id.

    Attributes:
        page_size: candles in one answer at most; None takes ccxt's number. What ccxt or the answers show to be
            fewer counts in any case.
        ccxt_options: merged into the `options` of its ccxt class; arguments of the class itself are refused.
    """

    page_size: ClassVar[int | None] = None
    ccxt_options: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **rest: Any) -> None:
        """Known facts of an exchange id hold for each class of that id that does not override them.

        Raises:
            UsageError: ccxt has no exchange of its id, or its `page_size` is not a number of candles.
        """
        super().__init_subclass__(**rest)
        _check(cls)
        declared = any("history" in vars(kind) for kind in cls.__mro__[: cls.__mro__.index(CcxtExchange)])
        if not declared and (known := HISTORY.get(getattr(cls, "id", ""))):
            cls.history = known

    def __init__(self, endpoint: str | None = None) -> None:
        super().__init__(endpoint)
        self.caps, self.depth = Caps(self), Depth(self)
        self._clock: tuple[int, float] | None = None
        self._client: Any = None
        self._firsts: dict[str, int] = {}

    @staticmethod
    def belongs(candle: Any, market: str, interval: str) -> bool:  # noqa: ARG004 - the refined ones know
        """Whether a candle, as the exchange wrote it, is of this market (its own id) and interval, where it says so."""
        return True

    async def __aenter__(self) -> Self:
        self._client = connect(self.id, self.endpoint, self.ccxt_options, belongs=self.belongs)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    def now(self) -> int:
        """Never ahead of this machine's clock, nor of the exchange's; a clock that runs ahead is ignored."""
        if self._clock is None:
            return clock.now()
        then, since = self._clock
        return min(clock.now(), then + int((time.monotonic() - since) * 1000))

    def offers(self, interval: str) -> bool:
        return interval in self.intervals and interval in (self._client.timeframes or {})

    async def markets(self) -> Mapping[str, Listing]:
        async with speaking(self._client):
            await self._client.load_markets(reload=True)
        self._clock = min(clock.now(), await server_time(self._client) or clock.now()), time.monotonic()
        found = self._client.markets.values()
        return {m["symbol"]: Listing(m["symbol"], m["id"], m["active"] is not False) for m in found}

    def kept(self, market: str, interval: str) -> int | None:
        return self.depth.candles(market, interval)

    def published_cap(self, market: str) -> int | None:
        """Candles in one answer at most, according to ccxt; None if it does not say."""
        if market not in (self._client.markets or {}):
            return None
        cap = self._client.feature_value(market, "fetchOHLCV", "limit")
        return cap if isinstance(cap, int) and cap > 0 else None

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """The head of `[start, end)`, up to its last candle; that none is before its first one must be said twice."""
        low = max(start, self.depth.oldest(market, interval))
        found = await self._head(market, interval, low, end) if low < end else Page([], start, end)
        oldest = min(self.depth.oldest(market, interval), found.end)
        return replace(found, start=start, since=oldest if oldest > start else None)

    async def _head(self, market: str, interval: str, start: int, end: int) -> Page:
        stop = min(end, intervals.next_open(interval, start, self.caps.most(market, interval)))
        count, answers = intervals.count(interval, start, stop), list[list[Row]]()
        limit = self.caps.most(market, interval) if self.depth.deaf(market, interval) else count

        async def ask() -> list[Row]:
            answers.append(await self._around(market, interval, start, limit))
            return _inside(answers[-1], start, stop)

        rows, growing = await self.confirmed(market, interval, count, ask)
        rows, every = await self._with_beginning(market, interval, start, stop, rows), answers[-1]
        seen = rows if rows and opened(rows[0]) < opened(every[0]) else every
        if seen and await self.depth.cuts(market, interval, start, seen):
            oldest = self.depth.oldest(market, interval)
            if oldest >= stop:
                return Page([], start, min(end, oldest))
        if growing is not None:
            return up_to(growing, rows, start, stop)
        self.caps.saw(market, interval, start, stop, rows)
        if rows:
            return Page(rows, start, self.reach(interval, rows, stop))
        if not every and await self.depth.forgets(market, interval, start, stop):
            return Page([], start, stop)
        return Page([], start, await self._quiet(market, interval, start, stop, end, every))

    async def _with_beginning(self, market: str, interval: str, start: int, stop: int, rows: list[Row]) -> list[Row]:
        """Rows, with those before the first one that a cap cut off; of an empty answer, its first bar is asked for."""
        for _ in range(_PIECES):
            first = opened(rows[0]) if rows else min(stop, intervals.next_open(interval, start))
            if first <= start:
                return rows
            before = await self._piece(market, interval, start, first)
            if not self.ended(interval, before):
                return rows
            if not rows:
                raise self.contradicted(market)
            self.caps.cut(market, interval, rows)
            rows = [*before, *rows]
        raise self.contradicted(market)

    async def _piece(self, market: str, interval: str, start: int, stop: int) -> list[Row]:
        """Rows of `[start, stop)`; fewer than there are bars, yet some, must be said twice."""
        count = intervals.count(interval, start, stop)
        rows = _inside(await self._around(market, interval, start, count), start, stop)
        if 0 < len(rows) < count and rows != _inside(await self._around(market, interval, start, count), start, stop):
            raise self.contradicted(market)
        return rows

    async def _quiet(self, market: str, interval: str, start: int, stop: int, end: int, rows: list[Row]) -> int:
        """How far an answer without candles in `[start, stop)` counts; years before the first one are not paged."""
        if not rows or opened(rows[-1]) < stop:
            stop = min(stop, intervals.next_open(interval, start, await self.caps.covered(market, interval)))
        return stop if stop >= end else max(stop, min(end, await self._first(market, interval)))

    async def volumes(self) -> Mapping[str, float]:
        async with speaking(self._client):
            tickers = await self._client.fetch_tickers()
        return {name: float(t["quoteVolume"] or 0) for name, t in tickers.items()}

    async def price(self, market: str) -> float:
        async with speaking(self._client):
            ticker = await self._client.fetch_ticker(market)
        return float(ticker["last"])

    async def confirmed(
        self, market: str, interval: str, count: int, ask: Callable[[], Awaitable[list[Row]]]
    ) -> tuple[list[Row], int | None]:
        """The rows of `ask`, and the open of the candle that is still growing.

        Fewer rows than `count` are believed only if two answers agree: a truncated page must not look like an outage.
        """
        rows = await ask()
        return rows, self.growing(market, interval, rows, await ask()) if len(rows) < count else None

    def growing(self, market: str, interval: str, before: Sequence[Row], after: Sequence[Row]) -> int | None:
        """Open of the candle, ms UTC, in which two answers to one question differ, if it only grew in between.

        That is the last one of an exchange whose candles lag behind its clock. None where they do not differ.

        Raises:
            ExchangeBusy: they cannot both be true.
        """
        one, other = self.ended(interval, before), self.ended(interval, after)
        if one == other:
            return None
        if one and one[:-1] == other[: len(one) - 1] and len(one) <= len(other) <= len(one) + 1:
            return opened(one[-1]) if _grew(one[-1], other[len(one) - 1]) else self._contradict(market)
        return self._contradict(market)

    def _contradict(self, market: str) -> int:
        raise self.contradicted(market)

    def ended(self, interval: str, rows: Sequence[Row]) -> list[Row]:
        """The rows that are final: the unfinished candle changes from answer to answer."""
        return [row for row in rows if opened(row) < intervals.floor(interval, self.now())]

    def contradicted(self, market: str) -> ExchangeBusy:
        """The error for two answers that contradict each other."""
        return ExchangeBusy(f"{self.id} answers the same question about {market} in two ways")

    def unasked(self, market: str, rows: Sequence[Row]) -> ExchangeBusy:
        """The error for an answer to another request, from a cache or to an earlier page."""
        return ExchangeBusy(f"{self.id} answered with {len(rows)} candles of {market} that were not asked")

    def reach(self, interval: str, rows: Sequence[Row], stop: int) -> int:
        """How far an answer can be believed: to its last candle, since it may have been cut; to `stop` without any."""
        return min(stop, intervals.next_open(interval, opened(rows[-1]))) if rows else stop

    async def rows_from(self, market: str, interval: str, start: int) -> list[Row]:
        """An answer to what opens at or after `start`; it may hold others."""
        return await self.ohlcv(market, interval, start, self.caps.most(market, interval))

    async def _around(self, market: str, interval: str, start: int, count: int) -> list[Row]:
        """The same; exchanges may add later rows, or send their first or last rows for any request."""
        rows = await self.ohlcv(market, interval, start, count)
        if rows and opened(rows[-1]) < start and not await self.depth.ignores(market, interval, rows):
            raise self.unasked(market, rows)
        return rows

    async def first(self, market: str) -> int | None:
        """By its longest bars."""
        longest = next((i for i in ("1M", "1w", "1d") if i in (self._client.timeframes or {})), None)
        rows = await self.oldest(market, longest) if longest else []
        return opened(rows[0]) if rows else None

    async def oldest(self, market: str, interval: str) -> list[Row]:
        """The first candles, as many as fit into an answer; where answers are windows, the first one that has any."""
        at, size = EARLIEST, self.caps.most(market, interval)
        while not (rows := await self.rows_from(market, interval, at)) and at < self.now():
            at = intervals.next_open(interval, at, size)
        return rows

    async def _first(self, market: str, interval: str) -> int:
        """The same; final if reported twice with nothing right before it, so that earlier years are skipped."""
        if market not in self._firsts:
            found = await self.first(market)
            opens = intervals.floor(interval, EARLIEST if found is None else found)
            before = intervals.next_open(interval, opens, -self.caps.most(market, interval))
            rows = await self.rows_from(market, interval, before)
            if found != await self.first(market) or _inside(rows, before, opens):
                raise self.contradicted(market)
            self._firsts[market] = opens
        return intervals.floor(interval, self._firsts[market])

    async def ohlcv(
        self, market: str, interval: str, since: int | None, limit: int, params: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Ccxt's `fetch_ohlcv`: all rows that came, as it parsed them, ascending.

        Raises:
            UsageError: the exchange has no candles of this interval.
            ExchangeBusy: what it answered cannot be read.
        """
        if interval not in (self._client.timeframes or {}):
            offered = ", ".join(i for i in intervals.INTERVALS if i in (self._client.timeframes or {}))
            raise UsageError(
                f"{self.id} has no candles of {interval!r}; it has {offered or 'none that the lake stores'}"
            )
        async with speaking(self._client):
            rows = await self._client.fetch_ohlcv(market, interval, since, limit, dict(params or {}))
        if not isinstance(rows, list) or any(len(row) != 6 or (row[0] or 0) < _OLDEST for row in rows):
            raise ExchangeBusy(f"{self.id} sent an answer for {market} that is not candles")
        return rows


def _check(kind: type[CcxtExchange]) -> None:
    size = kind.page_size
    if hasattr(kind, "id"):
        require_known(kind.id)
    if not (size is None or (type(size) is int and size > 0)):
        raise UsageError(f"page_size of {kind.__name__} is {size!r}; write a number of candles, such as 500")
    if outside := sorted(_ARGUMENTS & set(kind.ccxt_options)):
        fact = f"ccxt_options of {kind.__name__} has {outside[0]!r}, which is an argument of ccxt's class"
        raise UsageError(f"{fact} and not an option: it would change nothing; leave it out")


def _inside(rows: Sequence[Row], start: int, stop: int) -> list[Row]:
    return [row for row in rows if start <= opened(row) < stop]


def _grew(before: Row, after: Row) -> bool:
    """Whether a candle may have grown: same open, more volume, high no lower, low no higher."""
    if None in before or None in after:
        return False
    (ts, opens, high, low, _, volume), (ts_, opens_, high_, low_, _, volume_) = before, after
    return (ts, opens) == (ts_, opens_) and high_ >= high and low_ <= low and volume_ > volume  # type: ignore[operator]


def up_to(growing: int, rows: Sequence[Row], start: int, stop: int) -> Page:
    """The final rows of `[start, stop)`: those before the one that is still growing."""
    return Page([row for row in rows if opened(row) < growing], start, growing if growing > start else stop, growing)


def opened(row: Row) -> int:
    """When the candle opened, ms UTC."""
    return int(row[0] or 0)
