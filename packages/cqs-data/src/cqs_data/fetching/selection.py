"""The selection to fetch: names are checked before any request, then compared with the exchange's list."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import Exchange, Listing, Series, UnknownName, UsageError, market_of, parse_interval, plugins, settings
from cqs_core.lake import longest_part
from cqs_core.time import clock
from cqs_core.time.clock import parse_range
from cqs_core.time.intervals import INTERVALS, length
from cqs_core.trading import is_pattern, names_of

if TYPE_CHECKING:
    from cqs_core import Lake
    from cqs_core.time.clock import Time
    from cqs_data.fetching.retry import RetryPolicy


@dataclass(frozen=True)
class Selection:
    """Series of one exchange, and a range.

    Attributes:
        exchange: its class.
        symbols: as the user wrote them; patterns such as `*/KRW` too.
        intervals: by their own names.
        start: ms UTC; None is as early as there is anything.
        end: ms UTC, exclusive; None is now.
        quote: of bare symbols and of `top`; None for the default.
        top: also this many active markets with the largest 24-hour volume.
    """

    exchange: type[Exchange]
    symbols: Sequence[str]
    intervals: Sequence[str]
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    top: int = 0

    def markets(self, known: Collection[str] = ()) -> list[str]:
        """Unified names of the symbols that are not patterns; checked against `known` ones if given.

        Raises:
            UsageError: a symbol cannot be read.
            UnknownName: the exchange does not list it.
        """
        found = self.named(known).values()
        for market in found:
            if known and market not in known:
                raise UnknownName(f"market on {self.exchange.id!r}", market, known)
        return list(dict.fromkeys(found))

    def named(self, known: Collection[str] = ()) -> dict[str, str]:
        """Unified names by symbol as given, except patterns."""
        return {symbol: self._resolve(symbol, known) for symbol in self.symbols if not is_pattern(symbol)}

    async def listed(self, exchange: Exchange, retry: RetryPolicy) -> dict[Series, str]:
        """Every chosen market at every interval, as the exchange lists them, each with a note or an empty text.

        An interval that the exchange does not have is replaced by the longest one that it is derived from.

        Raises:
            UsageError: a market is not listed, a pattern fits none, or nothing gives an interval.
        """
        known = await listing(exchange, retry, self.markets())
        markets = [*self.markets(known), *self._fitting(known)]
        if self.top:
            volumes = await retry.ask(exchange.volumes)
            markets += _largest(known, volumes, self._home_quote(), self.top)
        notes = _offered(exchange, self.intervals)
        return {Series(self.exchange.id, m, i): note for m in dict.fromkeys(markets) for i, note in notes.items()}

    def _fitting(self, known: Mapping[str, Listing]) -> list[str]:
        found: list[str] = []
        for pattern in filter(is_pattern, self.symbols):
            fitting = [m for m in sorted(known) if known[m].active and fnmatch.fnmatchcase(m.upper(), pattern.upper())]
            if not fitting:
                raise UsageError(
                    f"no market of {self.exchange.id!r} fits {pattern!r}; patterns are of unified names, as */KRW"
                )
            found += fitting
        return found

    def _home_quote(self) -> str:
        now = settings()
        at_home = self.exchange.id == now.exchange
        return (self.quote or (now.quote if at_home else self.exchange.quote)).upper()

    def _resolve(self, symbol: str, known: Collection[str]) -> str:
        """By the exchange's own list if there is one: an id may have another name (Upbit's KRW-TON)."""
        listings: Mapping[str, object] = known if isinstance(known, Mapping) else {}
        ids = {one.id.upper(): market for market, one in listings.items() if isinstance(one, Listing)}
        if symbol not in known and (listed := ids.get(symbol.strip().upper())):
            return listed
        market = market_of(symbol, self.exchange.id, self.quote, known)
        if market in known or not ids:
            return market
        base, _, quote = market.partition("/")
        forms = {"QUOTE-BASE": f"{quote}-{base}", "BASE-QUOTE": f"{base}-{quote}", "BASEQUOTE": f"{base}{quote}"}
        return ids.get(forms.get(self.exchange.id_form, ""), market)


def _offered(exchange: Exchange, wanted: Iterable[str]) -> dict[str, str]:
    """Intervals to request, each with those derived from it."""
    offered = [name for name in INTERVALS if exchange.offers(name)]
    found = {name: "" for name in wanted if name in offered}
    for name in wanted:
        if name in offered:
            continue
        if (part := longest_part(name, offered)) is None:
            raise UnknownName(f"interval of {exchange.id!r}", name, (), f"it has {', '.join(offered)}")
        found[part] = f"{exchange.id} has no candles of {name}; they are derived from {part}"
    return found


async def listing(exchange: Exchange, retry: RetryPolicy, wanted: Iterable[str]) -> Mapping[str, Listing]:
    """The exchange's markets; requested twice if a wanted one is missing, since lists can be truncated too."""
    known = await retry.ask(exchange.markets)
    return known if known.keys() >= set(wanted) else {**known, **await retry.ask(exchange.markets)}


def select(
    symbols: str | Sequence[str] = (),
    interval: str | Sequence[str] = "1d",
    exchange: str | None = None,
    start: Time | None = None,
    end: Time | None = None,
    quote: str | None = None,
    top: int = 0,
) -> Selection:
    """A selection, checked as far as can be without network or bucket.

    Raises:
        UsageError: a name, a date or their order is wrong.

    >>> wanted = select("BTC,KRW-ETH", "1d", "upbit", "2024-01-01")
    >>> wanted.markets(), wanted.intervals
    (['BTC/KRW', 'ETH/KRW'], ['1d'])
    """
    wanted, intervals = listed(symbols), read_intervals(interval)
    if not wanted and not top:
        raise UsageError("no symbols; name some, as BTC,ETH or '*/KRW', or ask for --top 20")
    chosen, bounds = plugins().exchange(exchange or settings().exchange), parse_range(start, end)
    for i in intervals:
        if i not in chosen.intervals and longest_part(i, chosen.intervals) is None:
            raise UnknownName(f"interval of {chosen.id!r}", i, (), _has(chosen))
    if bounds[0] is not None and bounds[0] > clock.now():
        raise UsageError(f"start {str(start)!r} is in the future; there are no candles yet, name an earlier one")
    selection = Selection(chosen, wanted, intervals, *bounds, quote, top)
    selection.markets()
    return selection


def listed(given: str | Sequence[str], what: str = "a symbol", example: str = "'BTC' or ['BTC', 'ETH']") -> list[str]:
    """The parts of `A,B`, or of a list.

    Raises:
        UsageError: one is not text.
    """
    parts = given.split(",") if isinstance(given, str) else names_of(given, what, example)
    return [part.strip() for part in parts if part.strip()]


def unusual_markets(lake: Lake, exchange: str, symbols: Iterable[str]) -> Collection[str]:
    """Markets that the lake has of an exchange, to read names by that are not plain; none where all are plain."""
    if all(map(_is_plain, symbols)):
        return ()
    return {one.market for one in lake.series() if one.exchange == exchange}


def _is_plain(symbol: str) -> bool:
    usual = symbol.isascii() and symbol == symbol.upper() and " " not in symbol
    return usual and ":" not in symbol.partition("/")[0]


def read_intervals(given: str | Sequence[str]) -> list[str]:
    """Intervals by their own names.

    Raises:
        UsageError: there is none, or an unknown one.
    """
    found = list(dict.fromkeys(map(parse_interval, listed(given, "an interval", "'1h' or ['1h', '1d']"))))
    if not found:
        raise UsageError("no interval; name one, as 1d, or some, as 1h,1d")
    return found


def _has(exchange: type[Exchange]) -> str:
    return f"it has {', '.join(sorted(exchange.intervals, key=length))}"


def _largest(known: Mapping[str, Listing], volumes: Mapping[str, float], quote: str, count: int) -> list[str]:
    spot = [m for m in known if known[m].active and m.endswith(f"/{quote}")]
    if not spot:
        raise UsageError(f"the exchange lists no active market against {quote!r}; name another with --quote")
    return sorted(spot, key=lambda m: (-volumes.get(m, 0.0), m))[:count]
