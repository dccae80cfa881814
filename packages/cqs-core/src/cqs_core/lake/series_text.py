"""A series as users name it: an object, or text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.errors import UsageError
from cqs_core.lake.object_names import Series
from cqs_core.time.intervals import parse_interval
from cqs_core.trading.markets import refuse_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def series_of(given: Series | str) -> Series:
    """The series that is meant: `BTC`, `BTC 1h` and `upbit BTC/KRW 1h` do; by default 1d, of the home exchange.

    An exchange is a word of its own: `kraken:BTC/USD` is refused.

    Raises:
        UsageError: it cannot be read.
        UnknownName: no such interval.
    """
    if isinstance(given, Series):
        return given
    from cqs_core.config.home_market import market_of
    from cqs_core.config.variables import settings

    words = given.split() if isinstance(given, str) else ()
    if not 1 <= len(words) <= 3:
        raise UsageError(f"{given!r} is not a series; write 'BTC', 'BTC 1h' or 'upbit BTC/KRW 1h'")
    exchange = words[0] if len(words) == 3 else settings().exchange
    symbol, interval = {1: (words[0], "1d"), 2: tuple(words), 3: tuple(words[1:])}[len(words)]
    refuse_prefix(symbol, interval)
    return Series(exchange, market_of(symbol, exchange), parse_interval(interval))


def all_series(given: Iterable[Series | str] | Series | str | None) -> Sequence[Series] | None:
    """One or some; None, which is all, stays None."""
    if given is None:
        return None
    some = [given] if isinstance(given, str | Series) else given
    return [series_of(one) for one in some]
