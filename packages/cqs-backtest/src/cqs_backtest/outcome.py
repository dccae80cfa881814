"""A run of a backtest: the simulation, its badges, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.checks.badges import badges
from cqs_backtest.loading.outside import outside_data
from cqs_backtest.metrics import statistics
from cqs_backtest.metrics.benchmark import basket, bought_and_held
from cqs_backtest.record import held
from cqs_backtest.runs.run_tables import trade_columns
from cqs_backtest.trials import count
from cqs_core import Bucket, Candles, CqsError, RunResult, UsageError
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from cqs_backtest.request import Request
    from cqs_backtest.runs.code import StrategyCode
    from cqs_core.lake import LeftOut
    from cqs_core.trading.metrics import Floats, Stamps


@dataclass(frozen=True, eq=False)
class BacktestOutcome:
    """A run and its badges.

    Attributes:
        candles: all that the strategy saw, warm-up included.
        badges: lookahead, parity, gaps, stale, no_volume_fills and left_out (bars that the lake could not put together,
            by market).
        market: candles of the benchmark, where that is one market; the strategy did not see them.
        counted_in: address of the bucket whose trial ledger has its set; None where it is in none.
        uncounted: why it could not be counted; empty if it was, or there was no bucket.
    """

    request: Request
    result: RunResult
    candles: Candles
    badges: dict[str, Any]
    market: Candles | None = None
    counted_in: str | None = None
    uncounted: str = ""

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
        return held({"benchmark": self.request.benchmark})

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

        if self.counted_in != bucket.url:
            self._count(bucket)
        return keep(bucket, self)

    def counted(self, bucket: Bucket) -> BacktestOutcome:
        """The same, its set entered in the trial ledger of a bucket, or with the reason why it could not be."""
        try:
            self._count(bucket)
        except CqsError as error:
            return replace(self, uncounted=str(error))
        return replace(self, counted_in=bucket.url, uncounted="")

    def _count(self, bucket: Bucket) -> None:
        count(bucket, self.request, self.result.candles, self.result.performance["sharpe"])


def run(
    request: Request,
    bucket: Bucket | None,
    data: object = None,
    quote: str | None = None,
    *,
    confirm: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> BacktestOutcome:
    """Execute a request on the lake of a bucket, or on frames.

    Args:
        request: what to do.
        bucket: whose lake has the candles, without `data`. Its trial ledger counts the set.
        data: candles by symbol.
        quote: of bare symbols in `data`.
        confirm: also execute a small run on the reference.
        tell: called three times, with the next step.
    """
    tell("candles")
    found = _load(request, bucket, data, quote)
    tell("orders and fills")
    result = request.simulated(found.candles)
    tell("badges")
    said = badges(request, result, found.candles, confirm=confirm)
    said["left_out"] = found.rows_left_out()
    said["features"] = found.notes
    _mark_outside(request, said)
    outcome = BacktestOutcome(request, result, found.candles, said, found.market)
    return outcome if bucket is None else outcome.counted(bucket)


@dataclass(frozen=True)
class _Loaded:
    candles: Candles
    market: Candles | None
    left_out: Sequence[LeftOut]
    notes: Sequence[str]

    def rows_left_out(self) -> list[dict[str, Any]]:
        """One row a market."""
        rows: dict[str, dict[str, Any]] = {}
        for one in self.left_out:
            rows.setdefault(one.series.market, one.row())  # the benchmark comes last; its market may be traded too
        return list(rows.values())


def _load(request: Request, bucket: Bucket | None, data: object, quote: str | None) -> _Loaded:
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
    return _Loaded(candles, market, left_out, notes)


def _mark_outside(request: Request, said: dict[str, Any]) -> None:
    """The badge `candles only` where a strategy reads what the check cannot change."""
    if said["lookahead"] == "ok" and (found := outside_data(request.strategy)):
        text = f"it reads {', '.join(found[:6])} from outside, which was not checked; give it as a feature"
        said |= {"lookahead": "candles only", "lookahead_where": text}
