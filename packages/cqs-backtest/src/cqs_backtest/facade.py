"""`BacktestFacade`: one call from symbols to performance, equity and trades."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.checks.badges import badges
from cqs_backtest.metrics import statistics
from cqs_backtest.metrics.benchmark import basket, bought_and_held
from cqs_backtest.request import Request, make_costs, make_request
from cqs_backtest.runs.run_tables import equity_series, trades_frame
from cqs_core import Bucket, Candles, Engine, RunResult, Strategy, UsageError, simulate

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from cqs_core.lake import LeftOut
    from cqs_core.trading.metrics import Floats


class BacktestFacade:
    """Backtests on one bucket; without one, on the configured bucket."""

    def __init__(self, bucket: Bucket | str | None = None) -> None:
        self._bucket = bucket

    def run_backtest(
        self,
        strategy: str | type[Strategy] | Strategy,
        symbols: Sequence[str],
        data: Mapping[str, pd.DataFrame] | None = None,
        *,
        exchange: str | None = None,
        quote: str | None = None,
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
        interval: str = "1d",
        params: Mapping[str, Any] | None = None,
        engine: str | Engine | None = None,
        fee: float | None = None,
        slippage_bps: float | None = None,
        capital: float | None = None,
        min_order: float = 0,
        lot: float = 0,
        keep: bool = False,
        benchmark: str | None = None,
        lookahead_check: bool = True,
        max_volume_share: float | None = None,
        on_end: str = "hold",
        allow_stale: bool = False,
    ) -> dict[str, Any]:
        """Run one backtest; no run influences the next.

        Args:
            strategy: its name, class or instance.
            symbols: what to trade, `BTC` or `BTC/KRW`.
            data: candles by symbol, also of markets that are only looked at; without it the lake serves.
            exchange: of the symbols; the home exchange by default.
            quote: of bare symbols.
            start: the first bar that may trade; the strategy sees every earlier candle.
            end: exclusive, but a bare date includes its day.
            interval: of the candles.
            params: the strategy's parameters by name.
            engine: a name, or an engine.
            fee: fraction of a fill's value, a side; by default as the settings say.
            slippage_bps: basis points, a side; likewise. Limit and take-profit fills never slip.
            capital: at the start, in quote currency; likewise.
            min_order: smallest order in quote currency.
            lot: quantities are multiples of it.
            keep: store the run in the bucket.
            benchmark: a symbol to buy and hold beside the run; by default `symbols` in equal weights.
            lookahead_check: call the strategy on other futures too, to see whether it peeks.
            max_volume_share: fraction of a bar's volume that its fills of a symbol may make up; None is no limit.
            on_end: `hold` or `sell` at its last close what has no more candles.
            allow_stale: run although a reference left_out candles.

        Returns:
            `performance` (a mapping: total_return, cagr, mdd, volatility, win_rate, avg_win, avg_loss in percent;
            sharpe, sortino, calmar, profit_factor; num_trades; final_equity, and all of
            `cqs_backtest.metrics.conventions`; unknown is NaN), `equity` (Series, UTC index, one point a bar), `trades`
            (DataFrame of round trips) and `result` (`cqs_core.RunResult`).

        Raises:
            UsageError: bad input, before anything runs.
            DataError: candles with NaN, out of order or twice.
        """
        costs = make_costs(fee, slippage_bps, capital, min_order, lot, max_volume_share, on_end)
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
            costs=costs,
            benchmark=benchmark,
            lookahead_check=lookahead_check,
            allow_stale=allow_stale,
        )
        bucket = self._open(write=keep) if keep or data is None else None
        outcome = run(request, bucket, data, quote, confirm=keep)
        return {
            "performance": dict(outcome.performance),
            "equity": equity_series(outcome.result),
            "trades": trades_frame(outcome.result),
            "badges": outcome.badges,
            "run": outcome.keep(bucket) if keep and bucket else None,
            "result": outcome.result,
        }

    def _open(self, *, write: bool) -> Bucket:
        from cqs_core.cli import open_bucket

        bucket = self._bucket if isinstance(self._bucket, Bucket) else open_bucket(self._bucket)
        bucket.check(write=write)
        return bucket


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run and what was said of it.

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

        return keep(bucket, self)


def run(
    request: Request,
    bucket: Bucket | None,
    data: Mapping[str, pd.DataFrame] | None = None,
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
        tell: called with what comes next, three times.
    """
    tell("candles")
    left_out: list[LeftOut] = []
    if data is not None:
        candles = feed.from_frames(request, data, quote)
        market = feed.benchmark_from_frames(request, candles, data, quote)
    elif bucket is not None:
        candles = feed.from_lake(request, bucket, left_out.append)
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
    return Outcome(request, result, candles, said, market)
