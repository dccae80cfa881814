"""The whole comparison: one account, one strategy, some days."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from cqs_core import Costs, Lake, Series, UnknownName, UsageError, market_of, settings
from cqs_core.time.clock import iso
from cqs_core.time.intervals import floor, next_open
from cqs_monitor.compare import slippage
from cqs_monitor.compare.bot_positions import live_positions
from cqs_monitor.compare.bridge import Bridge, build_bridge
from cqs_monitor.compare.deviations import Deviation, deviations
from cqs_monitor.compare.notes import notes
from cqs_monitor.compare.pairing import Pairing, Tolerance, pair_up
from cqs_monitor.compare.strategy_setup import StrategySetup, positions, run, target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket, LogFormat, RunResult
    from cqs_core.lake import LeftOut
    from cqs_core.trading import MeasuredCosts
    from cqs_monitor.logs.snapshot import Snapshot


@dataclass(frozen=True)
class ComparisonRequest:
    """The request of a comparison.

    Attributes:
        account: whose log.
        setup: the strategy that it should have followed.
        start: ms UTC of the first candle that may trade; None is the day of the first row.
        end: ms UTC, exclusive; None is the end of the last candle.
        symbols: as bots write them; empty takes those that the account bought.
        capital: in quote currency; None is estimated from the first purchase.
        fee: fraction a side; None is what the account's own fees are estimated with, by its log format.
        tolerance: beyond which a pair differs.
    """

    account: str
    setup: StrategySetup
    start: int | None = None
    end: int | None = None
    symbols: tuple[str, ...] = ()
    capital: float | None = None
    fee: float | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True, eq=False)
class BotComparison:
    """A bot's log compared with the backtest of its strategy.

    Attributes:
        request: as it was made.
        setup: of the request, on the exchange of the account's format where it names none.
        form: of the account's log: its currency, fee rate and smallest order.
        start: ms UTC, as is `end`: the compared range.
        capital: at the start of the backtest.
        result: the backtest.
        pairing: positions of both.
        left_out: symbols of the log that have no candles, with the number of their rows.
        incomplete: a sentence for each market of which the rule did not see all bars.
    """

    request: ComparisonRequest
    setup: StrategySetup
    form: LogFormat
    start: int
    end: int
    capital: float
    result: RunResult
    pairing: Pairing
    left_out: Mapping[str, int]
    incomplete: Sequence[str] = ()

    @cached_property
    def bridge(self) -> Bridge:
        return build_bridge(self.pairing)

    @cached_property
    def deviations(self) -> list[Deviation]:
        """The bot's deviations, by time."""
        return deviations(self.pairing)

    @cached_property
    def costs(self) -> MeasuredCosts | None:
        """The costs of its fills; None if none can be measured."""
        setup, account = self.setup, self.request.account
        name = setup.strategy.id
        return slippage.measured(account, self.pairing.matched, setup.exchange, name, self.start, self.end)

    def json(self) -> dict[str, Any]:
        wanted = {id(pair): target(self.result, pair.expected) for pair in self.pairing.matched}
        matched = [
            pair.expected.json()
            | {k: v for k, v in pair.live.json("live_").items() if k != "symbol"}
            | {"target": wanted[id(pair)], "entry_slippage_bps": pair.entry_bps, "exit_slippage_bps": pair.exit_bps}
            | {"differs": list(pair.differs)}
            for pair in self.pairing.matched
        ]
        return {
            "account": self.request.account,
            "strategy": self.request.setup.strategy.id,
            "start": iso(self.start),
            "end": iso(self.end),
            "capital": self.capital,
            "currency": self.form.currency,
            "matched": matched,
            "missed": [one.json() | {"target": target(self.result, one)} for one in self.pairing.missed],
            "extra": [one.json("live_") for one in self.pairing.extra],
            "deviations": [one.json() for one in self.deviations],
            "bridge": self.bridge.json(),
            "slippage_bps": None if self.costs is None else self.costs.slippage_bps,
            "notes": notes(self),
        }


def compare(bucket: Bucket, snapshot: Snapshot, request: ComparisonRequest) -> BotComparison:
    """Compare the log with the strategy's run.

    Raises:
        UnknownName: no such account.
        UsageError: nothing to compare: no trades, or no candles in these dates.
    """
    if request.account not in snapshot.accounts:
        raise UnknownName("account", request.account, snapshot.accounts, remedy="no bot has logs in this bucket")
    form = snapshot.formats[request.account]
    setup = setup_for(request, form)
    table = snapshot.only(request.account)
    start, limit = _range(table, request)
    traded = _between(table, start, limit)
    markets, left_out = _markets(bucket, setup, form, request.symbols or _bought(traded), traded)
    capital = request.capital or _capital(traded, markets)
    fee = form.fee if request.fee is None else request.fee
    costs = Costs(fee=fee, slip=0.0, min_order=form.min_order, capital=capital)
    incomplete: list[LeftOut] = []
    result = run(setup, bucket, list(markets.values()), start, limit, costs, incomplete.append)
    end = min(next_open(setup.interval, int(result.candles.ts[-1])), limit or 1 << 62)
    live = live_positions(_between(table, None, end), markets, result.candles, end, form.fee)
    scale = None if request.capital is None else 1.0
    pairing = pair_up(positions(result), live, request.tolerance, scale)
    reasons = [str(one) for one in incomplete]
    return BotComparison(request, setup, form, start, end, capital, result, pairing, left_out, reasons)


def setup_for(request: ComparisonRequest, form: LogFormat) -> StrategySetup:
    """The setup of a request; where it names no exchange, on that of the account's format, else the configured one."""
    return replace(request.setup, exchange=request.setup.exchange or form.exchange or settings().exchange)


def _range(table: pa.Table, request: ComparisonRequest) -> tuple[int, int | None]:
    if request.start is not None:
        return request.start, request.end
    if not table.num_rows:
        raise UsageError(
            f"account {request.account!r} has no trades to compare; it never bought, or its files are damaged"
        )
    first: int = pc.min(table["timestamp"].cast(pa.int64())).as_py() // 1000
    return floor(request.setup.interval, first), request.end


def _between(table: pa.Table, start: int | None, end: int | None) -> pa.Table:
    """Rows written in `[start, end)`, ms UTC."""
    at = table["timestamp"].cast(pa.int64()).to_numpy()
    low = -(1 << 62) if start is None else start * 1000
    high = 1 << 62 if end is None else end * 1000
    return table.filter(pa.array((at >= low) & (at < high)))


def _bought(table: pa.Table) -> Sequence[str]:
    return sorted(str(symbol) for symbol in table.filter(pc.invert(table["sell"]))["symbol"].unique().to_pylist())


def _markets(
    bucket: Bucket, setup: StrategySetup, form: LogFormat, symbols: Sequence[str], table: pa.Table
) -> tuple[dict[str, str], dict[str, int]]:
    """Unified market by symbol, of those that the lake has candles of; rows of the others."""
    known, lake = settings(), Lake(bucket)
    found, left_out = {}, {}
    for symbol in symbols:
        try:
            market = market_of(symbol, setup.exchange, form.currency)
        except UsageError:
            market = ""
        if market and lake.source(Series(setup.exchange, market, setup.interval), known.day_start):
            found[symbol] = market
        else:
            left_out[symbol] = table["symbol"].to_pylist().count(symbol)
    if not found:
        named = ", ".join(symbols) or "none"
        fetch = (
            f"cqs fetch --exchange {setup.exchange} --symbols {','.join(symbols) or 'BTC'} --interval {setup.interval}"
        )
        raise UsageError(
            f"the lake has no {setup.interval} candles of the symbols bought in these dates ({named}): {fetch}"
        )
    return found, left_out


def _capital(table: pa.Table, markets: Mapping[str, str]) -> float:
    """Capital by the first purchase: the strategy gives each symbol an equal share."""
    bought = table.filter(pc.and_(pc.invert(table["sell"]), pc.is_in(table["symbol"], pa.array(list(markets)))))
    return float(bought["amount"][0].as_py()) * len(markets) if bought.num_rows else Costs().capital
