"""The manifest of a run: enough to reproduce it exactly and to say what has changed."""

from __future__ import annotations

import hashlib
import math
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.features import described
from cqs_backtest.loading.strategies import name_of
from cqs_backtest.metrics.conventions import versions_of_metrics
from cqs_core import FIELDS
from cqs_core.cli import plain
from cqs_core.time.clock import iso, iso_or_none
from cqs_core.time.intervals import next_open

if TYPE_CHECKING:
    from cqs_backtest.outcome import BacktestOutcome
    from cqs_backtest.request import Request
    from cqs_backtest.runs.code import StrategyCode
    from cqs_core import Candles, Strategy

PACKAGES = ("cqs-core", "cqs-backtest", "numpy", "numba", "bt", "param")
"""Libraries that a result can depend on."""


def manifest(outcome: BacktestOutcome) -> dict[str, Any]:
    """Flat enough for people, complete enough for `verify`; what JSON cannot hold is null."""
    request, result = outcome.request, outcome.result
    shared = setup(request, outcome.code, outcome.candles, result.candles, outcome.market)
    made = {
        "name": request.name,
        **shared,
        "badges": outcome.badges,
        "infinite": [name for name, value in outcome.performance.items() if math.isinf(value)],
        "performance": outcome.performance,
    }
    return dict(plain(made))


def setup(
    request: Request, code: StrategyCode, candles: Candles, traded: Candles, market: Candles | None = None
) -> dict[str, Any]:
    """The keys that runs and searches share: what was asked, on which candles, with which libraries.

    Args:
        request: of a run, or of all sets of a search.
        code: of its strategy.
        candles: all that the strategy saw, warm-up included.
        traded: the bars that could trade.
        market: candles of the benchmark, where that is one market.
    """
    return {
        "strategy": _strategy(request.strategy, code),
        "exchange": request.exchange,
        "symbols": list(request.markets),
        "references": list(request.references),
        "interval": request.interval,
        "benchmark": request.benchmark,
        **request.options.kept(),
        "features": described(candles.features),
        "start": iso_or_none(request.start),
        "end": iso(until(candles)),
        "first": iso(int(traded.ts[0])),
        "last": iso(int(traded.ts[-1])),
        "engine": request.engine.name,
        "costs": _costs(request),
        "day_start": request.day_start,
        "candles": candle_hashes(candles, market),
        "versions": versions(),
        "metrics": versions_of_metrics(),
        "seed": request.seed,
    }


def _strategy(strategy: Strategy, code: StrategyCode) -> dict[str, Any]:
    return {
        "name": name_of(strategy),
        "reference": code.reference,
        "source": code.source,
        "files": dict(code.files),
        "parameters": strategy.values(),
    }


def _costs(request: Request) -> dict[str, Any]:
    costs = request.costs
    return {
        "fee": costs.fee,
        "slippage_bps": costs.slip * 10_000,
        "lot": costs.lot,
        "min_order": costs.min_order,
        "capital": costs.capital,
        "impact": getattr(request.engine, "impact", None),
        "max_volume_share": costs.max_volume_share,
        "on_end": costs.on_end,
    }


def until(candles: Candles) -> int:
    """The close of the last bar, ms UTC, exclusive: a later update of the lake does not change what a run saw."""
    return next_open(candles.interval, int(candles.ts[-1]))


def candle_hashes(candles: Candles, benchmark: Candles | None = None) -> dict[str, str]:
    """sha256 of each market's own candles: stamps and prices of traded, reference and benchmark markets."""
    present = candles.present
    found = {}
    for s, market in enumerate(candles.symbols):
        found[market] = _hash(candles, present[:, s], s)
    for market, reference in candles.references.items():
        found.setdefault(market, _hash(reference, reference.present[:, 0], 0))
    if benchmark is not None:
        found.setdefault(benchmark.symbols[0], _hash(benchmark, benchmark.present[:, 0], 0))
    return found


def versions() -> dict[str, str]:
    """Versions of installed packages."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _hash(candles: Candles, rows: np.ndarray, s: int) -> str:
    digest = hashlib.sha256(candles.ts[rows].tobytes())
    for name in FIELDS:
        digest.update(np.ascontiguousarray(getattr(candles, name)[rows, s]).tobytes())
    return digest.hexdigest()
