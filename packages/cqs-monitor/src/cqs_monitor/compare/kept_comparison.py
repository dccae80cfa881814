"""Comparisons that many windows ask for, made once a process, and again where something of them has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Series, UsageError, market_of, settings
from cqs_monitor.compare.comparison import BotComparison, ComparisonRequest, compare, setup_for
from cqs_monitor.compare.strategy_setup import references

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from cqs_core import Bucket
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Figures


def kept_comparison(bucket: Bucket, figures: Figures, request: ComparisonRequest) -> BotComparison:
    """As `compare`: the one that was made before, where the account's rows, the candles and the settings are the same.

    Its `request` is then the one for which it was made, which asked for the same.

    Raises:
        UnknownName: no such account.
        UsageError: nothing to compare, as `compare` says.
    """

    def make() -> BotComparison:
        return compare(bucket, figures.snapshot, request)

    if request.account not in figures.snapshot.accounts:
        return make()
    made_of = figures.mark(request.account), _candles(bucket, figures.snapshot, request), _settings()
    return figures.once(
        ("comparison", *_asked(request)), make, lasting=made_of
    )  # read first: what comes later is newer


def _asked(request: ComparisonRequest) -> Iterator[Hashable]:
    setup = request.setup
    yield type(setup.strategy)
    yield tuple((name, repr(value)) for name, value in sorted(setup.strategy.values().items()))
    yield from (type(setup.engine), setup.exchange, setup.interval)
    yield from (request.account, request.start, request.end, tuple(request.symbols))
    yield from (request.capital, request.fee, request.tolerance)


def _settings() -> Hashable:
    known = settings()
    return known.exchange, known.quote, known.day_start


def _candles(bucket: Bucket, snapshot: Snapshot, request: ComparisonRequest) -> int:
    """Changes when candles of a market that the strategy sees come or go, of any interval."""
    form = snapshot.formats[request.account]
    setup = setup_for(request, form)
    traded = snapshot.only(request.account)["symbol"].unique().to_pylist()
    markets = sorted(_markets(setup.exchange, request.symbols or map(str, traded), form.currency))
    seen = (*markets, *references(setup.strategy, markets))
    folders = (Series(setup.exchange, market, setup.interval).folder.rpartition("/")[0] for market in seen)
    return hash(tuple(entry for folder in folders for entry in bucket.list(folder, immutable=True)))


def _markets(exchange: str, symbols: Iterable[str], currency: str) -> Iterator[str]:
    for symbol in symbols:
        try:
            yield market_of(symbol, exchange, currency)
        except UsageError:  # it is left out of the comparison as well
            continue
