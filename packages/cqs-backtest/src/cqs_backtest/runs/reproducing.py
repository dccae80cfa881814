"""Making a kept run again, and saying what has changed since."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest import features, feed
from cqs_backtest.loading.strategies import is_installed
from cqs_backtest.metrics import statistics
from cqs_backtest.metrics.benchmark import basket, bought_and_held
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.request import BASKET, Request, find_engine
from cqs_backtest.run_options import RunOptions
from cqs_backtest.runs.code import Untrusted, changed, edited, hashes, strategy_of
from cqs_backtest.runs.manifest import candle_hashes, versions
from cqs_backtest.runs.run_tables import trade_columns
from cqs_backtest.runs.store import read
from cqs_core import Costs, CqsError
from cqs_core.time.clock import iso, parse_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.record import StoredRun
    from cqs_core import Bucket, RunResult, Strategy
    from cqs_core.trading.metrics import Floats, Stamps

_METRICS = 1e-9  # they sum what `_TOLERANCE` allows
_TOLERANCE = 1e-12  # relative: another processor may round the last bit otherwise


def verify(bucket: Bucket, run: str, trust: Sequence[str] = ()) -> dict[str, Any]:
    """The run made again from its manifest.

    Args:
        bucket: that keeps it.
        run: its id, or how that begins.
        trust: `my_rule.py:SHA256` of each file that may be run, where the code is kept with the run.

    Returns:
        `run`, `verdict` (`identical` or `changed`), and `because`: one line each for data, code, libraries and
        results that are no longer what they were.

    Raises:
        UnknownName: no such run.
        UsageError: its code is kept with it, and `trust` does not name all of it.
    """
    stored = read(bucket, run)
    because = [*_libraries(stored.manifest), *_code(bucket, stored.manifest)]
    try:
        with strategy_of(bucket, stored.manifest, trust) as strategy:
            because += _made_again(bucket, stored, strategy)
    except Untrusted:
        raise
    except CqsError as error:
        because.append(f"it cannot be made again: {error}")
    return {"run": stored.id, "verdict": "changed" if because else "identical", "because": because}


def request_of(bucket: Bucket, made: dict[str, Any], strategy: Strategy) -> Request:
    """The request of a run, from its manifest, with the features that were kept.

    Raises:
        UsageError: the engine is no longer there.
        DataError: a feature is gone, or not what the manifest says.
    """
    costs = made["costs"]
    return Request(
        strategy=strategy,
        exchange=made["exchange"],
        markets=tuple(made["symbols"]),
        interval=made["interval"],
        start=parse_start(made["start"]),
        end=parse_start(made["end"]),
        costs=Costs(
            costs["fee"],
            costs["slippage_bps"] / 10_000,
            costs["lot"],
            costs["min_order"],
            costs["capital"],
            costs.get("max_volume_share"),
            costs.get("on_end", "hold"),
        ),
        engine=find_engine(made["engine"], costs.get("impact")),
        day_start=made["day_start"],
        seed=made["seed"],
        benchmark=made.get("benchmark", BASKET),
        options=RunOptions.of(made),
        features=features.stored(bucket, made),
    )


def _libraries(made: dict[str, Any]) -> list[str]:
    then, now = made["versions"], versions()
    return [
        f"library {name}: {then.get(name, 'absent')} then, {now.get(name, 'absent')} now"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _code(bucket: Bucket, made: dict[str, Any]) -> list[str]:
    return [
        *(f"code: {path} in the run's folder is not what the manifest says" for path in changed(bucket, made)),
        *(f"code: {path} was edited on this machine since; the kept one was run" for path in edited(made)),
    ]


def _made_again(bucket: Bucket, stored: StoredRun, strategy: Strategy) -> list[str]:
    made = stored.manifest
    request = request_of(bucket, made, strategy)
    because = []
    if type(strategy).source_hash() != made["strategy"]["source"]:
        because.append(f"code: the source of {made['strategy']['name']} changed")
    if is_installed(strategy):
        because += _modules(made["strategy"].get("files", {}), hashes(strategy))
    candles = feed.from_lake(request, bucket)
    market = feed.benchmark_from_lake(request, candles, bucket)
    because += _candles(made["candles"], candle_hashes(candles, market))
    result = request.simulated(candles)
    held = basket(result) if market is None else bought_and_held(result, market)
    because += _equity(stored, result) + _benchmark(stored, held) + _trades(stored, result)
    return because + _metrics(made, statistics(result, held))


def _metrics(made: dict[str, Any], now: dict[str, float]) -> list[str]:
    """Every stored metric that is no longer what it was, with the version of its formula where that changed."""
    then, versions_then = made["performance"], made.get("metrics", {})
    found = []
    for name, value in then.items():
        if name not in now:
            found.append(f"metric {name}: {value!r} stored, and no longer computed")
        elif not _same_number(value, now[name]):
            old, new = versions_then.get(name, 1), CONVENTIONS[name].version
            changed_version = f"; version {old} of its formula then, {new} now" if old != new else ""
            found.append(f"metric {name}: {_number(value)} stored, {_number(now[name])} made again{changed_version}")
    return found


def _same_number(then: float | None, now: float) -> bool:
    old = math.nan if then is None else then
    return math.isclose(old, now, rel_tol=_METRICS, abs_tol=_METRICS) or (math.isnan(old) and math.isnan(now))


def _number(value: float | None) -> str:
    return "unknown" if value is None or math.isnan(value) else f"{value:,.10g}"


def _modules(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return [f"code: {path} changed" for path in sorted({*then, *now}) if then.get(path) != now.get(path)]


def _candles(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return [
        f"data: candles of {market} changed" for market in sorted({*then, *now}) if then.get(market) != now.get(market)
    ]


def _equity(stored: StoredRun, result: RunResult) -> list[str]:
    ts, equity = result.candles.ts, result.execution.equity
    if not np.array_equal(stored.ts, ts):
        return [f"result: equity has {len(stored.ts)} points stored, {len(ts)} made again"]
    return _curve("equity", ts, stored.equity, equity)


def _benchmark(stored: StoredRun, held: Floats) -> list[str]:
    """Nothing where the bars differ: equity says so."""
    return _curve("benchmark", stored.ts, stored.benchmark, held) if len(held) == len(stored.ts) else []


def _curve(name: str, ts: Stamps, then: Floats, now: Floats) -> list[str]:
    bad = np.abs(then - now) > _TOLERANCE * np.abs(now)
    if not bad.any():
        return []
    i = int(np.argmax(bad))
    return [f"result: {name} at {iso(int(ts[i]))} is {then[i]:,.6g} stored, {now[i]:,.6g} made again"]


def _trades(stored: StoredRun, result: RunResult) -> list[str]:
    import pyarrow as pa

    then, now = stored.trades, pa.table(trade_columns(result))
    if then.num_rows != now.num_rows:
        return [f"result: {then.num_rows} trades stored, {now.num_rows} made again"]
    for name in now.column_names:
        bad = _differ(then[name].to_numpy(), now[name].to_numpy())
        if bad.any():
            return [f"result: {name} of trade {int(np.argmax(bad))} is no longer the same"]
    return []


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.dtype.kind == "f":
        return np.asarray(~np.isclose(one, other, rtol=_TOLERANCE, atol=1e-9, equal_nan=True))
    if one.dtype.kind == "M":
        return np.asarray((one != other) & ~(np.isnat(one) & np.isnat(other)))
    return np.asarray(one != other)
