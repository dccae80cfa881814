"""Runs side by side."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_backtest.luck import lucks
from cqs_backtest.metrics.conventions import other_versions
from cqs_backtest.request import BASKET
from cqs_backtest.runs.store import read
from cqs_core.time.clock import iso, parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from cqs_backtest.record import Record, StoredRun
    from cqs_core import Bucket

    _Trades = dict[tuple[str, Any, int], dict[str, Any]]

_SETTINGS = ("exchange", "symbols", "interval", "start", "first", "last", "engine", "day_start")
_OUTCOME = ("exit_time", "entry_price", "exit_price", "reason")
_CLOSE = 1e-9


class _Run(NamedTuple):
    id: str
    manifest: dict[str, Any]
    trades: pa.Table


def compare(bucket: Bucket, runs: Sequence[str]) -> dict[str, Any]:
    """Two kept runs or more, by id, the first one against each other one; see `side_by_side`.

    Returns:
        `luck` besides: by run, `dsr` and `trials`, and `short` for a cell of a table.
    """
    return compare_read(bucket, [read(bucket, run) for run in runs])


def compare_read(bucket: Bucket, found: Sequence[StoredRun]) -> dict[str, Any]:
    """The same of runs that are read already.

    Args:
        bucket: whose ledger counts their trials.
        found: the runs.
    """
    worth = lucks(bucket, (run.manifest for run in found))
    values = {run.id: luck.row() | {"short": luck.short} for run, luck in zip(found, worth, strict=True)}
    return side_by_side([(run.id, run) for run in found]) | {"luck": values}


def only_one_has(first: Record, other: Record) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Trades that only one of two runs has, as rows of `trades.parquet`: those of the first, and those of the other."""
    one, two = _by_entry(first.trades), _by_entry(other.trades)
    return [one[key] for key in one if key not in two], [two[key] for key in two if key not in one]


def side_by_side(named: Sequence[tuple[str, Record]]) -> dict[str, Any]:
    """Two runs or more, the first one against each other one.

    Returns:
        `runs`: names. `settings`: what differs, `{"setting", "values": {name: value}}`. `metrics`: `{"metric",
        "values"}` each. `other_versions`: by run, the metrics that were computed by another version of their formula.
        `trades`: rows with `run`, `change` (`entered`: only in that run, `left`: only in the first, `changed`: same
        entry, other prices, exit or reason), symbol, entry_time, exit_time, return_pct, and of a changed one
        `exit_time_before` and `return_pct_before`. Sizes are not compared: they follow from everything before.
    """
    found = [_Run(name, record.manifest, record.trades) for name, record in named]
    before = _by_entry(found[0].trades)
    return {
        "runs": [run.id for run in found],
        "settings": [*_settings(found)],
        "metrics": [*_metrics(found)],
        "other_versions": {run.id: other_versions(run.manifest) for run in found},
        "trades": [row for other in found[1:] for row in _changes(before, other)],
    }


def _settings(runs: Sequence[_Run]) -> Iterator[dict[str, Any]]:
    flat = {run.id: _flat(run.manifest) for run in runs}
    for name in dict.fromkeys(name for values in flat.values() for name in values):
        values = {run: made.get(name) for run, made in flat.items()}
        if len({_plain(value) for value in values.values()}) > 1:
            yield {"setting": name, "values": values}


def _flat(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "strategy": made["strategy"]["name"],
        **{name: made[name] for name in _SETTINGS},
        "start": made["start"] or made["first"],
        "benchmark": made.get("benchmark", BASKET),
        **made["strategy"]["parameters"],
        "on_end": "hold",  # of runs from before there was a choice
        **made["costs"],
    }


def _plain(value: Any) -> str:
    """Equal text for equal numbers, int or float."""
    return f"{value:.12g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _metrics(runs: Sequence[_Run]) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys(name for run in runs for name in run.manifest["performance"]):
        yield {"metric": name, "values": {run.id: run.manifest["performance"].get(name) for run in runs}}


def _changes(before: _Trades, other: _Run) -> Iterator[dict[str, Any]]:
    after = _by_entry(other.trades)
    for key in sorted({*before, *after}, key=lambda key: (key[1], key[0], key[2])):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield _row(other, "entered", new)
        elif new is None and old is not None:
            yield _row(other, "left", old)
        elif old is not None and new is not None and not _same(old, new):
            was = _row(other, "", old)
            more = {f"{name}_before": was[name] for name in ("exit_time", "return_pct")}
            yield _row(other, "changed", new) | more


def _by_entry(trades: pa.Table) -> _Trades:
    """Trades by symbol, entry time, and which of that entry's rows it is."""
    seen: Counter[tuple[str, Any]] = Counter()
    found = {}
    for trade in trades.to_pylist():
        entry = trade["symbol"], trade["entry_time"]
        found[*entry, seen[entry]] = trade
        seen[entry] += 1
    return found


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return all(_close(old[name], new[name]) for name in _OUTCOME)


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= _CLOSE * abs(a) or (a != a and b != b)  # noqa: PLR0124 - NaN: both still held
    return bool(a == b)


def _row(run: _Run, change: str, trade: dict[str, Any]) -> dict[str, Any]:
    times = {name: trade[name] and iso(parse_moment(trade[name])[0]) for name in ("entry_time", "exit_time")}
    return {"run": run.id, "change": change, "symbol": trade["symbol"], **times, "return_pct": trade["return_pct"]}
