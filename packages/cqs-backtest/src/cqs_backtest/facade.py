"""One call from symbols to performance, equity and trades."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.checks.badges import badges
from cqs_backtest.loading.outside import outside_data
from cqs_backtest.loading.strategies import name_of
from cqs_backtest.metrics import statistics
from cqs_backtest.metrics.benchmark import basket, bought_and_held
from cqs_backtest.notices import KeepWarning, LookaheadWarning
from cqs_backtest.record import held
from cqs_backtest.request import Request, make_costs, make_request
from cqs_backtest.result import Result
from cqs_backtest.result.notes import data_notes
from cqs_backtest.runs.kept import opened_bucket
from cqs_backtest.runs.run_tables import trade_columns
from cqs_core import Bucket, Candles, DataWarning, Engine, RunResult, Strategy, UsageError, simulate
from cqs_core.jobs import waiting
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import pyarrow as pa

    from cqs_backtest.runs.code import StrategyCode
    from cqs_core.lake import LeftOut
    from cqs_core.trading.metrics import Floats, Stamps

    When = str | dt.date | np.datetime64 | None


def backtest(
    strategy: str | type[Strategy] | Strategy,
    symbols: str | Sequence[str],
    data: object = None,
    *,
    exchange: str | None = None,
    quote: str | None = None,
    start: When = None,
    end: When = None,
    interval: str = "1d",
    params: Mapping[str, object] | None = None,
    engine: str | Engine | None = None,
    fee: float | None = None,
    slippage_bps: float | None = None,
    capital: float | None = None,
    min_order: float = 0,
    lot: float = 0,
    keep: bool = False,
    name: str = "",
    benchmark: str | None = None,
    lookahead_check: bool = True,
    max_volume_share: float | None = None,
    on_end: str = "hold",
    allow_stale: bool = False,
    features: Mapping[str, object] | None = None,
    only_in: str | None = None,
    bucket: Bucket | str | None = None,
) -> Result:
    """Run one backtest; no run influences the next.

    Args:
        strategy: its name, class or instance; a class may be written in the notebook.
        symbols: what to trade, `BTC` or `BTC/KRW`; one or several.
        data: candles by symbol (frames of pandas or polars, or Arrow tables), also of reference markets;
            without it the lake serves.
        exchange: of the symbols; the home exchange by default.
        quote: of bare symbols.
        start: the first bar that may trade; the strategy sees every earlier candle.
        end: exclusive, but a bare date includes its day.
        interval: of the candles.
        params: the strategy's parameters by name.
        engine: a name, or an engine.
        fee: fraction of a fill's value, a side; by default as the settings say.
        slippage_bps: basis points, a side; by default as the settings say. Limit and take-profit fills never slip.
        capital: at the start, in quote currency; by default as the settings say.
        min_order: smallest order in quote currency.
        lot: quantities are multiples of it.
        keep: store the run in the bucket; if that fails, the result comes with a warning.
        name: of the run, for people.
        benchmark: a symbol to buy and hold for comparison; by default `symbols` in equal weights.
        lookahead_check: call the strategy on other futures too, to see whether it peeks.
        max_volume_share: fraction of a bar's volume that its fills of a symbol may make up; None means no limit.
        on_end: `hold` or `sell` at its last close what has no more candles.
        allow_stale: run even if candles of a reference are missing, or a feature ends early.
        features: data from outside by name: series, or frames with a column a symbol, indexed by time (UTC). A value
            counts from the close of the bar that it is stamped with; `Feature(table, known="1d")` says otherwise. The
            strategy has them by `candles.feature(name)`.
        only_in: `regime=bull`: trade only while that feature has that value.
        bucket: for candles and kept runs; the configured one by default.

    Returns:
        A `Result`: it shows a card in a notebook. Old code may use it as a mapping: `result["performance"]`,
        `["equity"]`, `["trades"]`, `["badges"]`, `["run"]` and `["result"]`.

    Raises:
        UsageError: bad input, before anything runs.
        DataError: candles with NaN, out of order or twice.

    Examples:
        >>> from cqs_core.testing.candles import random_candles
        >>> import pandas as pd
        >>> made = random_candles(rows=200)
        >>> index = pd.to_datetime(made.ts, unit="ms", utc=True)
        >>> bars = pd.DataFrame({n: getattr(made, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)
        >>> r = backtest("buy_and_hold", "BTC", {"BTC": bars}, fee=0, slippage_bps=0)
        >>> r.symbols, len(r.equity), r.performance.num_trades
        (('BTC/KRW',), 200, 0.0)
        >>> bool(r["performance"]["max_drawdown"] == r.performance.mdd <= 0)
        True
    """
    request = make_request(
        strategy,
        symbols,
        exchange=exchange,
        quote=quote,
        start=start,
        end=end,
        interval=interval,
        params=params,
        engine=engine,
        costs=make_costs(fee, slippage_bps, capital, min_order, lot, max_volume_share, on_end),
        benchmark=benchmark,
        lookahead_check=lookahead_check,
        allow_stale=allow_stale,
        name=name,
        features=features,
        only_in=only_in,
    )
    opened = opened_bucket(bucket) if data is None else None
    with waiting("Backtest"):
        outcome = run(request, opened, data, quote, confirm=keep)
    _ = outcome.code  # now: the notebook may change it before the run is kept
    _warn(outcome)
    made = Result(outcome, bucket=opened, simulated=outcome.result)
    return _kept_if_possible(made, outcome, bucket) if keep else made


def keep(result: Result, bucket: Bucket | str | None = None) -> Result:
    """Store a new result in a bucket; a kept result is returned as it is.

    Args:
        result: of `backtest`.
        bucket: the configured one by default.

    Returns:
        The same result with its `id`.

    Raises:
        UsageError: the bucket cannot be written to.
    """
    outcome = result.record
    if result.id is not None or not isinstance(outcome, Outcome):
        return result
    from cqs_core.cli import open_bucket

    opened = bucket if isinstance(bucket, Bucket) else open_bucket(bucket)
    opened.check(write=True)
    return replace(result, id=outcome.keep(opened), bucket=opened)


def _kept_if_possible(result: Result, outcome: Outcome, bucket: Bucket | str | None) -> Result:
    """The result, whatever becomes of keeping it."""
    try:
        found = keep(result, bucket)
    except Exception as error:  # noqa: BLE001 - hours of computing must not be lost to a full disk
        told = f"the run of {name_of(outcome.request.strategy)} was not kept: {error}; keep(result) tries again"
        warnings.warn(told, KeepWarning, stacklevel=_caller())
        return result
    for text in outcome.badges.get("source_incomplete", ()):
        warnings.warn(f"source incomplete: {text}", KeepWarning, stacklevel=_caller())
    return found


def _warn(outcome: Outcome) -> None:
    for text in data_notes(outcome.badges):
        warnings.warn(text, DataWarning, stacklevel=_caller())
    if outcome.badges["lookahead"] == "peeks":
        told = f"{name_of(outcome.request.strategy)} uses what it cannot know yet: {outcome.badges['lookahead_where']}"
        warnings.warn(told, LookaheadWarning, stacklevel=_caller())


def _caller() -> int:
    """The `stacklevel` of a warning that points at the line that called `backtest`, or the facade."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - warnings have no public way to leave a file before 3.12
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        level, frame = level + 1, frame.f_back
    return level


class BacktestFacade:
    """Backtests on one bucket; without one, on the configured bucket."""

    def __init__(self, bucket: Bucket | str | None = None) -> None:
        self._bucket = bucket

    def run_backtest(
        self,
        strategy: str | type[Strategy] | Strategy,
        symbols: str | Sequence[str],
        data: object = None,
        **options: Any,
    ) -> Result:
        """Run one backtest, see `backtest`, which takes the same options."""
        return backtest(strategy, symbols, data, bucket=self._bucket, **options)


def _mark_outside(request: Request, said: dict[str, Any]) -> None:
    """The badge `candles only` where a strategy reads what the check cannot change."""
    if said["lookahead"] == "ok" and (found := outside_data(request.strategy)):
        told = f"it reads {', '.join(found[:6])} from outside, which was not checked; give it as a feature"
        said |= {"lookahead": "candles only", "lookahead_where": told}


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run and its badges.

    Attributes:
        candles: all that the strategy saw, warm-up included.
        badges: lookahead, parity, gaps, stale, no_volume_fills and left_out (bars that the lake could not put together,
            by market).
        market: candles of the benchmark, where that is one market; the strategy did not see them.
    """

    request: Request
    result: RunResult
    candles: Candles
    badges: dict[str, Any]
    market: Candles | None = None

    @property
    def ts(self) -> Stamps:
        """(T,): opens of the bars, ms UTC."""
        return self.result.candles.ts

    @property
    def equity(self) -> Floats:
        """(T,): at the bars' closes, quote currency."""
        return self.result.execution.equity

    @property
    def trades(self) -> pa.Table:
        """Round trips, see `cqs_backtest.runs.run_tables.trade_columns`."""
        import pyarrow as pa

        return pa.table(trade_columns(self.result))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the run, as it would be kept."""
        from cqs_backtest.runs.manifest import manifest

        return {"id": "", "created": iso(now()), **manifest(self)}

    @cached_property
    def code(self) -> StrategyCode:
        """Code of the strategy, as it was when this was first read."""
        from cqs_backtest.runs.code import captured

        return captured(self.request.strategy)

    @property
    def capital(self) -> float:
        """Cash before the first bar, quote currency."""
        return self.request.costs.capital

    @property
    def day_start(self) -> int:
        """Milliseconds after 00:00 UTC at which a day begins."""
        return self.request.day_start

    @property
    def held(self) -> str:
        """The benchmark's name, for people."""
        return held(self.manifest)

    @cached_property
    def benchmark(self) -> Floats:
        """(T,): equity of its symbols in equal weights, or of the benchmark's market, bought and held."""
        return basket(self.result) if self.market is None else bought_and_held(self.result, self.market)

    @cached_property
    def performance(self) -> dict[str, float]:
        """Every metric by name; see `cqs_backtest.metrics.conventions`."""
        return statistics(self.result, self.benchmark)

    def keep(self, bucket: Bucket) -> str:
        """Store the run; returns its id."""
        from cqs_backtest.runs import keep
        from cqs_backtest.trials import record, subject_of

        run = keep(bucket, self)
        subject = subject_of(self.request, self.result.candles)
        record(bucket, subject, run, [self.request.strategy.values()], [self.performance["sharpe"]])
        return run


def run(
    request: Request,
    bucket: Bucket | None,
    data: object = None,
    quote: str | None = None,
    *,
    confirm: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Execute a request on the lake of a bucket, or on frames.

    Args:
        request: what to do.
        bucket: whose lake has the candles, without `data`.
        data: candles by symbol.
        quote: of bare symbols in `data`.
        confirm: also execute a small run on the reference.
        tell: called three times, with the next step.
    """
    tell("candles")
    left_out: list[LeftOut] = []
    notes: list[str] = []
    if data is not None:
        candles = feed.from_frames(request, data, quote, notes.append)
        market = feed.benchmark_from_frames(request, candles, data, quote)
    elif bucket is not None:
        candles = feed.from_lake(request, bucket, left_out.append, notes.append)
        market = feed.benchmark_from_lake(request, candles, bucket, left_out.append)
    else:
        raise UsageError("no candles; give data, or a bucket")
    tell("orders and fills")
    result = simulate(
        request.strategy, candles, request.engine, request.costs, start=request.start, day_start=request.day_start
    )
    tell("badges")
    said = badges(request, result, candles, confirm=confirm)
    rows: dict[str, dict[str, Any]] = {}
    for one in left_out:
        rows.setdefault(one.series.market, one.row())  # the benchmark comes last; its market may be traded too
    said["left_out"] = list(rows.values())
    said["features"] = notes
    _mark_outside(request, said)
    return Outcome(request, result, candles, said, market)
