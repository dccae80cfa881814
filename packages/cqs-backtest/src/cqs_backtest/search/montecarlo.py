"""Monte Carlo: other results that the same run might have had, by chance alone.

Trades in another order, trades drawn anew, days drawn in blocks (the stationary bootstrap of Politis and Romano, 1994),
and the strategy on candles with noise.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_backtest.search.executors import open_executor
from cqs_backtest.search.histogram import histogram
from cqs_core import UsageError, progress
from cqs_core.trading import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from cqs_backtest.search.executors import Bench, Executor
    from cqs_backtest.search.opened_run import OpenedRun
    from cqs_core import Candles, RunResult
    from cqs_core.trading import Floats
    from cqs_core.trading.metrics import Daily

    Ints = npt.NDArray[np.int64]
    _Numbers = dict[str, Floats]
    _Curves = tuple[Floats, Floats | None]  # (K, D) returns, and the Sharpe of each; None where steps are not days

METHODS = ("shuffle", "resample", "bootstrap", "noise")
_BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
_POINTS = 100
_CHUNK = 50  # curves in memory at once, besides their bands
_RUNS = 5  # of them where each is a run


def montecarlo(
    run: OpenedRun,
    *,
    samples: int = 1000,
    seed: int = 0,
    block: float = 20,
    noise: float = 0.1,
    ruin: float = 0.5,
    noise_samples: int = 100,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """Each method's curves, as bands and intervals.

    Args:
        run: a kept run.
        samples: curves of each method.
        seed: of all of them.
        block: mean length of the bootstrap's blocks, days.
        noise: standard deviation of the noise of candles, as a fraction of each bar's true range.
        ruin: share of capital below which a curve is ruined.
        noise_samples: curves of the last method, each of which is a run.
        executor: that makes the curves, which the caller closes; by default this thread. All make the same curves.

    Returns:
        `run`, `seed`, `samples`, and by method: `bands` (5th to 95th percentile of equity over capital at up to 100
        points), `cagr`, `mdd`, `sharpe` (each `low`, `median`, `high`: a 90 % interval; percent), `ruin` (share of
        curves that fall below), `histograms` (`edges` and `counts` of `cagr` and `mdd`). A method without enough trades
        is null. `sharpe` of trades is null: they have no days.

    Raises:
        UsageError: a number out of its range.
    """
    _check(samples, block, noise, ruin)
    started = time.perf_counter()
    result = run.result()
    seconds = (time.perf_counter() - started) * noise_samples
    options, counts = CurveOptions(seed, block, noise, ruin), _counts(result, samples, noise_samples, noise)
    draws = [draw for method, count in counts for draw in _draws(method, count, options)]
    load = run.load
    executor = (executor or open_executor(threads=1)).suited(load, seconds)
    found: dict[str, list[_Numbers]] = {name: [] for name in METHODS}
    with progress("Monte Carlo", sum(draw.curves for draw in draws), "curves") as work:
        for draw, numbers in executor.run(load, numbers_of, draws):
            found[draw.method].append(numbers)
            work.advance(draw.curves)
    about = {"run": run.stored.id, "seed": seed, "samples": samples}
    return about | {name: _judged(parts) if parts else None for name, parts in found.items()}


class CurveOptions(NamedTuple):
    """The options of all curves; see `montecarlo`."""

    seed: int
    block: float
    noise: float
    ruin: float


class Draw(NamedTuple):
    """Some curves of one method.

    Attributes:
        method: one of `METHODS`.
        start: number of the first curve; with the seed it says what is drawn, wherever that happens.
        curves: how many.
        options: of all.
    """

    method: str
    start: int
    curves: int
    options: CurveOptions


def _counts(result: RunResult, samples: int, runs: int, noise: float) -> Iterator[tuple[str, int]]:
    """How many curves each method has."""
    enough_trades, enough_days = len(trade_returns(result)) > 1, len(result.daily.days) > 1
    yield "shuffle", samples * enough_trades
    yield "resample", samples * enough_trades
    yield "bootstrap", samples * enough_days
    yield "noise", runs * enough_days * (noise > 0)


def _draws(method: str, count: int, options: CurveOptions) -> Iterator[Draw]:
    size = _RUNS if method == "noise" else _CHUNK
    return (Draw(method, start, min(size, count - start), options) for start in range(0, count, size))


def numbers_of(bench: Bench, draw: Draw) -> _Numbers:
    """`cagr`, `mdd`, `sharpe`, `ruin` of K curves, each (K,); and `points` of equity over capital, (K, up to 100)."""
    result = bench.kept("result", lambda: bench.request.simulated(bench.candles))
    random = np.random.default_rng([draw.options.seed, METHODS.index(draw.method), draw.start])
    return _measured(*_made(bench, result, draw, random), result, draw.options.ruin)


def _made(bench: Bench, result: RunResult, draw: Draw, random: np.random.Generator) -> _Curves:
    if draw.method == "shuffle":
        return _shuffled(trade_returns(result), random, draw.curves), None
    if draw.method == "resample":
        return _drawn(trade_returns(result), random, draw.curves), None
    if draw.method == "bootstrap":
        return _drawn_days(result.daily, random, draw.curves, draw.options.block)
    noisy = (noisy_candles(bench.candles, random, draw.options.noise) for _ in range(draw.curves))
    return _with_sharpe([bench.request.simulated(candles).daily for candles in noisy])


def trade_returns(result: RunResult) -> Floats:
    """(K,): profit of each closed position over the equity before it was opened, in the order of exits."""
    closed = result.closed[np.argsort(result.closed["exit"], kind="stable")]
    before = np.append(result.costs.capital, result.execution.equity)[closed["entry"]]
    found: Floats = closed["pnl"] / before
    return found


def block_bootstrap(days: int, random: np.random.Generator, samples: int, block: float) -> Ints:
    """(samples, days): numbers of days in blocks of random length, `block` in the mean; blocks wrap around."""
    at = random.integers(0, days, (samples, days))
    fresh = random.random((samples, days)) < 1 / block
    fresh[:, 0] = True
    began = np.maximum.accumulate(np.where(fresh, np.arange(days), 0), axis=1)
    start = np.take_along_axis(at, began, axis=1)
    drawn: Ints = (start + np.arange(days) - began) % days
    return drawn


def noisy_candles(candles: Candles, random: np.random.Generator, noise: float) -> Candles:
    """Candles whose prices moved by a fraction of their true range; high and low stay around open and close."""
    before = np.vstack([candles.close[:1], candles.close[:-1]])
    width = np.fmax(candles.high, before) - np.fmin(candles.low, before)
    moved = {
        name: np.maximum(getattr(candles, name) + noise * width * random.standard_normal(width.shape), _least(candles))
        for name in ("open", "high", "low", "close")
    }
    high = np.maximum(np.maximum(moved["open"], moved["close"]), moved["high"])
    low = np.minimum(np.minimum(moved["open"], moved["close"]), moved["low"])
    seen = {}
    for market, reference in candles.references.items():
        own = candles.symbols.index(market) if market in candles.symbols else None
        seen[market] = _with_traded(reference, candles, moved | {"high": high, "low": low}, own)
    return candles.with_values(**moved | {"high": high, "low": low}, references=seen)


def _with_traded(reference: Candles, candles: Candles, moved: dict[str, Floats], column: int | None) -> Candles:
    """A reference that is traded too has the same noise where both have a bar."""
    if column is None:
        return reference.with_values()
    at = np.searchsorted(candles.ts, reference.ts)
    inside = (at < len(candles.ts)) & (candles.ts[np.minimum(at, len(candles.ts) - 1)] == reference.ts)
    changed = {}
    for name, values in moved.items():
        column_values = values[np.minimum(at, len(candles.ts) - 1), column]
        own = getattr(reference, name)[:, 0]
        changed[name] = np.where(inside & ~np.isnan(column_values), column_values, own)[:, None]
    return reference.with_values(**changed)


def _least(candles: Candles) -> Floats:
    """No price falls below a hundredth of its low."""
    floor: Floats = candles.low / 100
    return floor


def _shuffled(trades: Floats, random: np.random.Generator, samples: int) -> Floats:
    return random.permuted(np.tile(trades, (samples, 1)), axis=1)


def _drawn(trades: Floats, random: np.random.Generator, samples: int) -> Floats:
    drawn: Floats = trades[random.integers(0, len(trades), (samples, len(trades)))]
    return drawn


def _drawn_days(daily: Daily, random: np.random.Generator, samples: int, block: float) -> _Curves:
    return _with_sharpe([daily.part(rows) for rows in block_bootstrap(len(daily.days), random, samples, block)])


def _with_sharpe(curves: Sequence[Daily]) -> _Curves:
    return np.array([curve.returns for curve in curves]), np.array([metrics.sharpe(curve) for curve in curves])


def _measured(returns: Floats, sharpes: Floats | None, result: RunResult, ruin: float) -> _Numbers:
    span = metrics.years(result.candles.ts, result.candles.interval)
    curves = np.cumprod(np.maximum(1 + returns, 0), axis=1, dtype=np.float64)
    places = sorted({int(at) for at in np.linspace(0, curves.shape[1] - 1, _POINTS)})
    return {
        "cagr": np.array([100 * metrics.growth(float(end), 1.0, span) for end in curves[:, -1]]),
        "mdd": 100 * metrics.max_drawdown(curves, 1.0),
        "ruin": (curves.min(axis=1) < ruin).astype(np.float64),
        "points": curves[:, places],
    } | ({} if sharpes is None else {"sharpe": sharpes})


def _judged(parts: Sequence[_Numbers]) -> dict[str, Any]:
    all_of = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    bands = np.quantile(all_of["points"], _BANDS, axis=0)
    return {
        "bands": {f"p{round(100 * level)}": band.tolist() for level, band in zip(_BANDS, bands, strict=True)},
        "cagr": _interval(all_of["cagr"]),
        "mdd": _interval(all_of["mdd"]),
        "sharpe": _interval(all_of["sharpe"]) if "sharpe" in all_of else None,
        "ruin": float(all_of["ruin"].mean()),
        "histograms": {name: histogram(all_of[name]) for name in ("cagr", "mdd")},
    }


def _interval(values: Floats) -> dict[str, float]:
    known = values[~np.isnan(values)]
    low, median, high = np.quantile(known, (0.05, 0.5, 0.95)) if len(known) else [math.nan] * 3
    return {"low": float(low), "median": float(median), "high": float(high)}


def _check(samples: int, block: float, noise: float, ruin: float) -> None:
    if not 1 <= samples <= 1_000_000:
        raise UsageError(f"--samples is {samples}; it must be from 1 to 1,000,000")
    if block < 1:
        raise UsageError(f"--block is {block:g}; it must be 1 day or more")
    if not 0 <= noise <= 1:
        raise UsageError(f"--noise is {noise:g}; it must be a fraction of the true range from 0 to 1")
    if not 0 < ruin < 1:
        raise UsageError(f"--ruin is {ruin:g}; it must be a share of capital between 0 and 1")
