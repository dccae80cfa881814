"""Current prices: the last candle of the lake, or the exchange's own last price."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cqs_core import CqsError, DataError, Lake, LogFormat, Series, UsageError, plugins, resolve, settings
from cqs_core.host import connection
from cqs_core.time.clock import now
from cqs_core.time.intervals import DAY, length, next_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cqs_core import Bucket

TIMEOUT = 3.0
"""Seconds that an exchange has to answer."""


_EVERY = 10.0  # seconds
_SERVES = 60_000  # ms
_TREND = 30  # candles of a day or longer
_POINTS = 48


@dataclass(frozen=True)
class Price:
    """A price in quote currency, as of `at` (ms UTC).

    Attributes:
        trend: closes before it, oldest first: of a day, or of 30 candles where those are days or longer.
    """

    value: float
    at: int
    source: Literal["candle", "live"]
    trend: tuple[float, ...] = field(default=(), compare=False)


Priced = tuple[str, LogFormat]
"""A symbol as a bot writes it, and the bot's format, which says in what currency and on which exchange."""


def market_of(symbol: str, form: LogFormat) -> tuple[str, str] | None:
    """Exchange and unified market of a symbol as a bot writes it; None for text that is not a symbol."""
    exchange = form.exchange or settings().exchange
    try:
        return exchange, resolve(symbol, exchange, quote=form.currency)
    except UsageError:
        return None


def last_candles(bucket: Bucket, symbols: Iterable[Priced]) -> dict[Priced, Price]:
    """The newest close that the lake has of each symbol, at any interval.

    Symbols without candles are left out, and those whose newest candles are damaged: an older close is not current.
    """
    lake = Lake(bucket)
    wanted = {key: market for key in symbols if (market := market_of(*key))}
    newest: dict[tuple[str, str], tuple[int, int, Series]] = {}
    markets = set(wanted.values())
    for series in lake.series() if wanted else ():
        market = series.exchange, series.market
        last = (
            max((found.last for found in lake.objects(series) if found.rows), default=None)
            if market in markets
            else None
        )
        if last is not None:
            closed = next_open(series.interval, last)
            newest[market] = max(newest.get(market, (0, 0, series)), (closed, last, series))
    closes = {market: price for market, found in newest.items() if (price := _close(lake, *found))}
    return {key: closes[market] for key, market in wanted.items() if market in closes}


def live_prices(symbols: Iterable[Priced]) -> dict[Priced, Price]:
    """The last prices of the exchanges; what one does not answer in time is left out."""
    wanted: dict[str, dict[Priced, str]] = {}
    for key in symbols:
        if market := market_of(*key):
            wanted.setdefault(market[0], {})[key] = market[1]
    return asyncio.run(_ask_all(wanted)) if wanted else {}


class Ticker:
    """Prices of the exchanges for a page: requested in their own thread, so that no page waits for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = False
        self._asked = float("-inf")
        self._found: Mapping[Priced, Price] = {}
        self._answered = False

    def latest(self, symbols: Iterable[Priced]) -> Mapping[Priced, Price]:
        """Prices that are at most a minute old; the exchange is asked again every ten seconds."""
        wanted = frozenset(symbols)
        with self._lock:
            if wanted and not self._asking and time.monotonic() - self._asked > _EVERY:
                self._asking, self._asked = True, time.monotonic()
                threading.Thread(target=self._ask, args=(wanted,), name="cqs-prices", daemon=True).start()
            oldest = now() - _SERVES
            return {symbol: price for symbol, price in self._found.items() if price.at >= oldest}

    @property
    def waiting(self) -> bool:
        """Whether it was asked, and has never answered or failed to."""
        return self._asking and not self._answered

    def _ask(self, symbols: frozenset[Priced]) -> None:
        try:
            found = live_prices(symbols)
        finally:
            with self._lock:
                self._asking, self._answered = False, True
        with self._lock:
            self._found = {**self._found, **found}


async def _ask_all(wanted: Mapping[str, Mapping[Priced, str]]) -> dict[Priced, Price]:
    """All exchanges at the same time: one that does not answer delays no other."""
    asked = (_in_time(exchange, markets) for exchange, markets in wanted.items())
    return {symbol: price for found in await asyncio.gather(*asked) for symbol, price in found.items()}


async def _in_time(exchange: str, markets: Mapping[Priced, str]) -> dict[Priced, Price]:
    endpoint = settings().endpoint if exchange == settings().exchange else None
    with contextlib.suppress(CqsError, TimeoutError, OSError):
        return await asyncio.wait_for(_ask(exchange, endpoint, markets), TIMEOUT)
    return {}


async def _ask(exchange: str, endpoint: str | None, wanted: Mapping[Priced, str]) -> dict[Priced, Price]:
    async with connection(plugins().exchange(exchange), endpoint) as asked:
        answers = await asyncio.gather(*(asked.price(market) for market in wanted.values()), return_exceptions=True)
    at = now()
    return {
        symbol: Price(float(answer), at, "live")
        for symbol, answer in zip(wanted, answers, strict=True)
        if not isinstance(answer, BaseException)
    }


def _close(lake: Lake, closed: int, last: int, series: Series) -> Price | None:
    """The last close; for an unfinished candle, only its open time is known, not when it was fetched."""
    before = max(DAY, _TREND * length(series.interval) if length(series.interval) >= DAY else 0)
    closes = _closes(lake, series, last - before) or _closes(lake, series, last)  # what is older may be damaged
    if not closes:
        return None
    step = -(-len(closes) // _POINTS)
    return Price(closes[-1], closed if closed <= now() else last, "candle", tuple(closes[::-step][::-1]))


def _closes(lake: Lake, series: Series, start: int) -> list[float]:
    """Closes since then; none where a candle is damaged, or was deleted meanwhile."""
    try:
        found: list[float] = lake.read(series, start)["close"].to_numpy().tolist()
    except (DataError, UsageError):
        return []
    return found
