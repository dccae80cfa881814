"""One call from symbols to performance, equity and trades."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.strategies import name_of
from cqs_backtest.notices import KeepWarning, LookaheadWarning
from cqs_backtest.outcome import BacktestOutcome, run
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.result import Result
from cqs_backtest.result.notes import data_notes
from cqs_backtest.run_options import RunOptions
from cqs_backtest.runs.kept import opened_bucket
from cqs_core import Bucket, CqsError, DataWarning, Engine, Strategy
from cqs_core.jobs import waiting
from cqs_core.lake import with_sets

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import numpy as np

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

    Its set of parameters counts as a trial in the bucket, kept or not. With `data`, it counts if it is kept, or if
    `bucket` is given.

    Args:
        strategy: its name, class or instance; a class may be written in the notebook.
        symbols: what to trade, `BTC` or `BTC/KRW`; one or several. `@name` is a saved set.
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
        with_sets(symbols, lambda: opened_bucket(bucket), exchange, quote),
        exchange=exchange,
        quote=quote,
        start=start,
        end=end,
        interval=interval,
        params=params,
        engine=engine,
        costs=make_costs(fee, slippage_bps, capital, min_order, lot, max_volume_share, on_end),
        benchmark=benchmark,
        options=RunOptions(allow_stale=allow_stale, lookahead_check=lookahead_check),
        name=name,
        features=features,
        only_in=only_in,
    )
    opened = opened_bucket(bucket) if data is None else None
    with waiting("Backtest"):
        outcome = run(request, opened, data, quote, confirm=keep)
    if data is not None and bucket is not None and not keep:
        outcome = _counted(outcome, bucket)
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

    Examples:
        >>> from cqs_core.testing.candles import random_candles
        >>> import pandas as pd, tempfile
        >>> made, bucket = random_candles(rows=200), tempfile.TemporaryDirectory()
        >>> index = pd.to_datetime(made.ts, unit="ms", utc=True)
        >>> bars = pd.DataFrame({n: getattr(made, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)
        >>> r = keep(backtest("buy_and_hold", "BTC", {"BTC": bars}, name="all in"), bucket.name)
        >>> r.id is not None, r.name
        (True, 'all in')
        >>> bucket.cleanup()
    """
    outcome = result.record
    if result.id is not None or not isinstance(outcome, BacktestOutcome):
        return result
    from cqs_core.cli import open_bucket

    opened = bucket if isinstance(bucket, Bucket) else open_bucket(bucket)
    opened.check(write=True)
    return replace(result, id=outcome.keep(opened), bucket=opened)


def _counted(outcome: BacktestOutcome, bucket: Bucket | str) -> BacktestOutcome:
    """A run on data of one's own counts in the bucket that is given."""
    try:
        return outcome.counted(opened_bucket(bucket))
    except CqsError as error:
        return replace(outcome, uncounted=str(error))


def _kept_if_possible(result: Result, outcome: BacktestOutcome, bucket: Bucket | str | None) -> Result:
    """The result, whatever becomes of keeping it."""
    try:
        found = keep(result, bucket)
    except Exception as error:  # noqa: BLE001 - hours of computing must not be lost to a full disk
        message = f"the run of {name_of(outcome.request.strategy)} was not kept: {error}; keep(result) tries again"
        warnings.warn(message, KeepWarning, stacklevel=_caller())
        return result
    for text in outcome.badges.get("source_incomplete", ()):
        warnings.warn(f"source incomplete: {text}", KeepWarning, stacklevel=_caller())
    return found


def _warn(outcome: BacktestOutcome) -> None:
    if outcome.uncounted:
        message = f"this set is not counted as a trial: {outcome.uncounted}"
        warnings.warn(message, KeepWarning, stacklevel=_caller())
    for text in data_notes(outcome.badges):
        warnings.warn(text, DataWarning, stacklevel=_caller())
    if outcome.badges["lookahead"] == "peeks":
        name, where = name_of(outcome.request.strategy), outcome.badges["lookahead_where"]
        warnings.warn(f"{name} uses what it cannot know yet: {where}", LookaheadWarning, stacklevel=_caller())


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
