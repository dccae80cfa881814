"""What is asked for: names checked before any network is, then held against what the exchange lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import Exchange, Series, UnknownName, UsageError, parse_interval, plugins, resolve, settings
from cqs_core.times import parse_range

if TYPE_CHECKING:
    import datetime as dt


@dataclass(frozen=True)
class Selection:
    """Series of one exchange, and a range.

    Attributes:
        exchange: its class.
        symbols: as the user wrote them.
        intervals: by their own names.
        start: ms UTC; None is as early as there is anything.
        end: ms UTC, exclusive; None is now.
        quote: of bare symbols, None for the rules of the house.
    """

    exchange: type[Exchange]
    symbols: Sequence[str]
    intervals: Sequence[str]
    start: int | None = None
    end: int | None = None
    quote: str | None = None

    def markets(self, known: Collection[str] = ()) -> list[str]:
        """Unified names; held against `known` ones where those are given.

        Raises:
            UsageError: a symbol cannot be read.
            UnknownName: the exchange does not list it.
        """
        found = [self._resolve(symbol, known) for symbol in self.symbols]
        for market in found:
            if known and market not in known:
                raise UnknownName(f"market on {self.exchange.id!r}", market, known)
        return list(dict.fromkeys(found))

    def series(self, known: Collection[str] = ()) -> list[Series]:
        """Every market at every interval."""
        return [Series(self.exchange.id, market, i) for market in self.markets(known) for i in self.intervals]

    def _resolve(self, symbol: str, known: Collection[str]) -> str:
        now = settings()
        return resolve(
            symbol,
            self.exchange.id,
            quote=self.quote,
            home=now.exchange,
            home_quote=now.quote,
            id_form=self.exchange.id_form,
            known=known,
        )


def select(
    symbols: str | Sequence[str],
    interval: str | Sequence[str] = "1d",
    exchange: str | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    quote: str | None = None,
) -> Selection:
    """A selection, checked as far as can be without network or bucket.

    Raises:
        UsageError: a name, a date or their order is wrong.
    """
    wanted = _listed(symbols)
    intervals = [parse_interval(i) for i in _listed(interval)]
    if not wanted:
        raise UsageError("no symbols; name some, as BTC,ETH")
    chosen = plugins().exchange(exchange or settings().exchange)
    for i in intervals:
        if i not in chosen.intervals:
            raise UnknownName(f"interval of {chosen.id!r}", i, chosen.intervals)
    selection = Selection(chosen, wanted, list(dict.fromkeys(intervals)), *parse_range(start, end), quote)
    selection.markets()
    return selection


def _listed(given: str | Sequence[str]) -> list[str]:
    parts = given.split(",") if isinstance(given, str) else given
    return [part.strip() for part in parts if part.strip()]
