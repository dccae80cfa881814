"""Which of the lake's series a command is about: `--exchange`, `--symbols` and `--interval`."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import click

from cqs_core import Lake, Series, UnknownName, UsageError, market_of, plugins
from cqs_core.cli import symbols_option
from cqs_core.lake import market_set, names_set
from cqs_core.time import intervals
from cqs_core.trading import is_pattern

_F = TypeVar("_F", bound=Callable[..., Any])

NO_SERIES = "the lake has no series yet; fill it with `cqs fetch --symbols BTC --interval 1d`"


def series_options(function: _F) -> _F:
    """`--exchange`, `--symbols` and `--interval`, as arguments of these names; all series without."""
    for option in (
        click.option("--interval", metavar="I,J", help="Only series of these intervals."),
        symbols_option("Only these: BTC, BTC/KRW, KRW-BTC, or patterns as '*/KRW'"),
        click.option("--exchange", metavar="ID", help="Only series of this exchange."),
    ):
        function = option(function)
    return function


def chosen_series(lake: Lake, exchange: str | None, symbols: str | None, interval: str | None) -> list[Series]:
    """The lake's series that match all given options, sorted by name and interval length.

    Raises:
        UsageError: a name is wrong, or the lake has none such.
    """
    from cqs_data.fetching.selection import read_intervals

    names = None if interval is None else read_intervals(interval)
    series = sorted(lake.series(), key=by_length)
    if not series:
        return []
    found = _of_exchange(series, exchange)
    if names is not None:
        found = [one for one in found if one.interval in names]
    if not found:
        raise UsageError(
            f"the lake has no series of {exchange or ', '.join(names or ())}; `cqs data status` lists them"
        )
    return found if symbols is None else _of_symbols(lake, found, symbols)


def by_length(series: Series) -> tuple[str, str, int]:
    """To sort by: exchange, market, and the interval by its length."""
    return series.exchange, series.market, intervals.length(series.interval)


def _of_exchange(series: Sequence[Series], exchange: str | None) -> list[Series]:
    if exchange is not None and exchange not in {one.exchange for one in series}:
        plugins().exchange(exchange)
    return [one for one in series if exchange in {None, one.exchange}]


def _of_symbols(lake: Lake, series: Sequence[Series], symbols: str) -> list[Series]:
    from cqs_data.fetching.selection import listed

    named = listed(symbols)
    wanted = [_of_set(lake, name, series) if names_set(name) else _fitting(name, series) for name in named]
    if not wanted:
        raise UsageError("--symbols is empty; name some, as BTC,ETH or '*/KRW', or leave it out")
    return [one for one in series if any(one in some for some in wanted)]


def _of_set(lake: Lake, name: str, series: Sequence[Series]) -> set[Series]:
    """Series of the markets of a saved set."""
    chosen = market_set(lake.bucket, name)
    found = {one for one in series if one.exchange == chosen.exchange and one.market in chosen.markets}
    if not found:
        raise UsageError(f"the lake has no such series of the set {name!r}; `cqs fetch --symbols {name}` fills it")
    return found


def _fitting(symbol: str, series: Sequence[Series]) -> set[Series]:
    """Series of the markets that a symbol names, on whichever exchange."""
    if is_pattern(symbol):
        found, name = {one for one in series if fnmatch.fnmatchcase(one.market.upper(), symbol.upper())}, symbol
    else:
        meant = _meant(symbol, series)
        found, name = {one for one in series if meant.get(one.exchange) == one.market}, next(iter(meant.values()))
    if not found:
        raise UnknownName("market in the lake", name, {one.market for one in series})
    return found


def _meant(symbol: str, series: Iterable[Series]) -> dict[str, str]:
    """The market that a symbol names on each exchange where it can be read.

    Raises:
        UsageError: it can be read on none.
    """
    markets: dict[str, set[str]] = {}
    for one in series:
        markets.setdefault(one.exchange, set()).add(one.market)
    meant: dict[str, str] = {}
    wrong: UsageError | None = None
    for exchange, known in markets.items():
        try:
            meant[exchange] = _resolved(symbol, exchange, known)
        except UsageError as error:
            wrong = error
    if wrong and not meant:
        raise wrong
    return meant


def _resolved(symbol: str, exchange: str, known: Collection[str]) -> str:
    return market_of(symbol, exchange, known=known)
