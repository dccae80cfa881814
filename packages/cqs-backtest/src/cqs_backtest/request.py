"""The request of a backtest, checked before network, bucket or candles are touched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from cqs_backtest.loading.strategies import find
from cqs_backtest.run_options import RunOptions
from cqs_core import Costs, Engine, Strategy, UsageError, market_of, parse_interval, plugins, settings, simulate
from cqs_core.time.clock import parse_range
from cqs_core.trading import guarded, names_of, quote_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Candles, RunResult

DEFAULT_ENGINE = "fast"
BASKET = "basket"
"""The benchmark of a run that names no market: its own symbols, in equal weights."""


@dataclass(frozen=True)
class Request:
    """One backtest.

    Attributes:
        strategy: with its parameters.
        exchange: of all markets.
        markets: unified, as they are traded.
        interval: of the candles.
        start: ms UTC of the first bar that may trade; None is the first there is.
        end: ms UTC, exclusive; None is open.
        costs: and the capital.
        engine: that executes.
        day_start: ms after 00:00 UTC at which a day of the daily metrics begins.
        seed: of the look-ahead check's random cuts.
        benchmark: bought and held for comparison: a unified market, or `basket`. The strategy does not see it.
        options: how it is run, see `RunOptions`.
        name: of the run, for people.
        features: outside data by name, see `cqs_core.trading.Feature`.
    """

    strategy: Strategy
    exchange: str
    markets: tuple[str, ...]
    interval: str = "1d"
    start: int | None = None
    end: int | None = None
    costs: Costs = field(default_factory=lambda: make_costs())  # noqa: PLW0108 - defined below
    engine: Engine = field(default_factory=lambda: plugins().engine(DEFAULT_ENGINE))
    day_start: int = 0
    seed: int = 0
    benchmark: str = BASKET
    options: RunOptions = field(default_factory=RunOptions)
    name: str = ""
    features: Mapping[str, object] = field(default_factory=dict)

    @property
    def references(self) -> tuple[str, ...]:
        """Markets that the strategy uses without trading them."""
        with guarded(self.strategy, "references"):
            return tuple(self.strategy.references(self.markets))

    def with_options(self, **changes: Any) -> Request:
        """The same request, run in another way; see `RunOptions`."""
        return replace(self, options=replace(self.options, **changes))

    def simulated(self, candles: Candles) -> RunResult:
        """Run it on these candles, warm-up included; see `cqs_core.simulate` for the errors."""
        return simulate(self.strategy, candles, self.engine, self.costs, start=self.start, day_start=self.day_start)


def make_request(
    strategy: str | type[Strategy] | Strategy,
    symbols: str | Sequence[str],
    *,
    exchange: str | None = None,
    quote: str | None = None,
    start: Any = None,
    end: Any = None,
    interval: str = "1d",
    params: Mapping[str, Any] | None = None,
    engine: str | Engine | None = None,
    costs: Costs | None = None,
    impact: float | None = None,
    benchmark: str | None = None,
    options: RunOptions | None = None,
    name: str = "",
    features: Mapping[str, object] | None = None,
    only_in: str | None = None,
) -> Request:
    """The request, if it makes sense.

    Raises:
        UsageError: whatever the caller can fix: a name, a parameter, a symbol, dates the wrong way round.
    """
    known = settings(exchange=exchange, quote=quote)
    first, last = parse_range(start, end)
    traded = markets(symbols, known.exchange, quote)
    return Request(
        strategy=find(strategy, {**(params or {}), **({} if only_in is None else {"only_in": only_in})}),
        exchange=known_exchange(known.exchange),
        markets=traded,
        interval=parse_interval(interval),
        start=first,
        end=last,
        costs=costs or make_costs(),
        engine=find_engine(engine, impact),
        day_start=known.day_start,
        benchmark=benchmark_market(benchmark, known.exchange, traded),
        options=options or RunOptions(),
        name=name,
        features=dict(features or {}),
    )


def find_engine(engine: str | Engine | None, impact: float | None = None) -> Engine:
    """An engine by name, or the one given; with market impact where that is asked for.

    Raises:
        UnknownName: no such engine.
        UsageError: an engine without market impact, or a coefficient that is not above 0.
    """
    found = plugins().engine(engine or DEFAULT_ENGINE) if isinstance(engine, str | None) else engine
    if impact is None:
        return found
    if not 0 < impact <= 10:
        raise UsageError(f"impact is {impact!r}; it must be above 0 and at most 10, typically 0.5 to 1")
    if not hasattr(found, "impact"):
        raise UsageError(f"engine {found.name!r} knows no market impact; choose --engine bt")
    return cast("Engine", replace(cast("Any", found), impact=impact))


def make_costs(
    fee: float | None = None,
    slippage_bps: float | None = None,
    capital: float | None = None,
    min_order: float = 0.0,
    lot: float = 0.0,
    max_volume_share: float | None = None,
    on_end: str = "hold",
) -> Costs:
    """Costs as users write them: slippage in basis points a side; None takes the value of the settings.

    Raises:
        UsageError: out of range.
    """
    known = settings()
    bps = known.slippage_bps if slippage_bps is None else slippage_bps
    if not 0 <= bps < 10_000:
        raise UsageError(f"slippage is {bps!r} basis points; it must be from 0 up to 10,000")
    paid, start = known.fee if fee is None else fee, known.capital if capital is None else capital
    return Costs(paid, bps / 10_000, lot, min_order, start, max_volume_share, on_end)


def known_exchange(name: str) -> str:
    """The name, if an exchange is called that; any name where no exchange is installed, for a lake from elsewhere."""
    if plugins().exchanges():
        plugins().exchange(name)
    return name


def markets(symbols: str | Sequence[str], exchange: str, quote: str | None = None) -> tuple[str, ...]:
    """Unified markets of one quote.

    Raises:
        UsageError: none, one that is not text, one twice, or of several quotes.
    """
    named = names_of(symbols)
    if not named:
        raise UsageError("no symbols; name at least one, such as BTC")
    found: dict[str, str] = {}
    for symbol in named:
        market = unified(symbol, exchange, quote)
        if market in found:
            raise UsageError(f"{found[market]!r} and {symbol!r} are both {market}; name it once")
        found[market] = symbol
    quotes = sorted({market.partition("/")[2] for market in found})
    if len(quotes) > 1:
        raise UsageError(f"symbols are quoted in {' and '.join(quotes)}; a backtest has one purse, so name one quote")
    return tuple(found)


def benchmark_market(benchmark: str | None, exchange: str, traded: Sequence[str]) -> str:
    """The market of a benchmark, in the traded quote currency; `basket` if none is named.

    Raises:
        UsageError: no market, or one of another quote: its curve would be in another currency.
    """
    if benchmark is None or benchmark == BASKET:
        return BASKET
    quote = quote_of(traded[0])
    market = unified(benchmark, exchange, quote)
    if quote_of(market) != quote:
        raise UsageError(f"benchmark {market} is not quoted in {quote}, as the symbols are; name one that is")
    return market


def unified(symbol: str, exchange: str, quote: str | None = None) -> str:
    """The market of a symbol on an exchange, by the settings' home market."""
    return market_of(symbol, exchange, quote)
