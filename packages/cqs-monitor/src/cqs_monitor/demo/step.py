"""The demo step: logs of two accounts, then a comparison that finds the deviations in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cqs_core import Costs, DemoStep, plugins
from cqs_core.time.clock import now, parse_start
from cqs_monitor.logs.bot.format import BOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket, Demo, RunResult
    from cqs_monitor.compare.comparison import BotComparison
    from cqs_monitor.compare.deviations import Deviation
    from cqs_monitor.compare.strategy_setup import StrategySetup
    from cqs_monitor.demo.trade import Trade

DEVIATING, FAITHFUL = "Main", "메인"
_STRATEGY = "volatility_breakout"
SYMBOLS = ("BTC", "ETH", "XRP", "SOL")
_SINCE = {DEVIATING: "2024-06-01", FAITHFUL: "2025-06-01"}
_CAPITAL = {DEVIATING: 10_000_000.0, FAITHFUL: 30_000_000.0}


def _run(demo: Demo) -> dict[str, Any]:
    if _STRATEGY not in plugins().strategies():
        demo.console.print("  skipped: the bots' strategy is in cqs-backtest, which is not installed")
        return {"skipped": "install cqs-backtest"}
    from cqs_monitor.compare.strategy_setup import find_setup
    from cqs_monitor.performance.reader import reader_of

    setup = find_setup(_STRATEGY, {}, "upbit")
    files, changed = _files(setup, demo.bucket)
    written = _write(demo.bucket, files)
    snapshot = reader_of(demo.bucket.address).refresh().snapshot
    found = {account: _compare(demo.bucket, snapshot, setup, account) for account in _SINCE}
    deviations = found[DEVIATING].deviations
    for one in deviations:
        demo.console.print(f"  {DEVIATING}: [bold]{one.kind}[/] {one.symbol} {one.time[:10]}, {one.detail}")
    return {
        "accounts": {name: snapshot.only(name).num_rows for name in _SINCE},
        "files": written,
        "made": changed,
        "found": {account: [_short(one) for one in c.deviations] for account, c in found.items()},
        "damaged": sorted({problem.file for problem in snapshot.problems}),
    }


def _short(deviation: Deviation) -> str:
    return f"{deviation.kind} {deviation.symbol} {deviation.time[:10]}"


def _files(setup: StrategySetup, bucket: Bucket) -> tuple[dict[str, bytes], list[str]]:
    """All log files by key, and in what ways the first bot deviates."""
    from cqs_monitor.compare.strategy_setup import positions
    from cqs_monitor.demo.deviations import deviating
    from cqs_monitor.demo.log_writer import log_files, torn
    from cqs_monitor.demo.trade import carried_out, last_prices, trades_today

    result = _result(setup, bucket, DEVIATING)
    trades, changed = deviating(DEVIATING, positions(result), result.candles)
    prices, moment = last_prices(bucket, SYMBOLS), now()
    files = log_files(DEVIATING, [*trades, *_apart(trades_today(0, prices, moment), trades)])
    done = [carried_out(FAITHFUL, p) for p in positions(_result(setup, bucket, FAITHFUL))]
    faithful = log_files(FAITHFUL, [*done, *_apart(trades_today(1, prices, moment), done)])
    victim = min(key for key in faithful if key.endswith(".csv"))
    faithful[victim] = torn(faithful[victim])
    files |= faithful
    files["logs/.heartbeat"] = f"{time.time():.6f}".encode()
    return files, list(changed)


def _apart(today: Sequence[Trade], before: Sequence[Trade]) -> list[Trade]:
    """Without symbols that are still held from before: their purchases and sales would be paired with those."""
    held = {trade.symbol for trade in before if trade.sold is None}
    return [trade for trade in today if trade.symbol not in held]


def _result(setup: StrategySetup, bucket: Bucket, account: str) -> RunResult:
    from cqs_monitor.compare.strategy_setup import run

    start = parse_start(_SINCE[account]) or 0
    costs = Costs(slip=0.0, min_order=BOT.min_order, capital=_CAPITAL[account])
    return run(setup, bucket, [f"{symbol}/{BOT.currency}" for symbol in SYMBOLS], start, None, costs)


def _write(bucket: Bucket, files: Mapping[str, bytes]) -> int:
    """Store what changed since the last demo, remove what only that one wrote; how many files were written."""
    have = {entry.key for entry in bucket.list("logs")}
    old = bucket.read_many(sorted(have & files.keys()))
    changed = {key: data for key, data in files.items() if old.get(key) != data}
    for key, data in changed.items():
        bucket.write(key, data)
    bucket.delete(have - files.keys())
    return len(changed)


def _compare(bucket: Bucket, snapshot: Any, setup: StrategySetup, account: str) -> BotComparison:
    from cqs_monitor.compare.comparison import ComparisonRequest, compare

    start = parse_start(_SINCE[account])
    request = ComparisonRequest(account, setup, start, symbols=SYMBOLS, capital=_CAPITAL[account])
    return compare(bucket, snapshot, request)


STEP = DemoStep("bots", "Write logs of two bots that trade the strategy, one of them with mistakes", 50, _run)
