"""Keeping runs in a bucket, listing and loading them."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest import features
from cqs_backtest.ids import find_id, new_id
from cqs_backtest.record import StoredRun
from cqs_backtest.runs.code import FOLDER as CODE
from cqs_backtest.runs.code import remember
from cqs_backtest.runs.manifest import manifest
from cqs_backtest.runs.manifest_shape import fault_of
from cqs_backtest.runs.run_tables import trade_columns
from cqs_core import CqsError, DataError, UnknownName
from cqs_core.files import NewerFormat, format_fields, parquet_bytes, parquet_table, require_format
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.outcome import BacktestOutcome
    from cqs_core import Bucket

FOLDER = "runs"
MANIFEST = "manifest.json"
DELETED = "manifest.deleted.json"
"""A deleted run has its manifest under this name: no list finds the run, and nothing of it is lost."""
FORMAT = 1


def keep(bucket: Bucket, outcome: BacktestOutcome) -> str:
    """Store a run and return its id; the manifest is written last, so that listed runs are complete."""
    import pyarrow as pa

    if outcome.code.missing:
        outcome.badges["source_incomplete"] = [*outcome.code.missing]
    result, made = outcome.result, manifest(outcome)
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S-%f}"
    run = new_id(stamp, made["strategy"]["name"])
    stamps = pa.array(result.candles.ts, pa.timestamp("ms", "UTC"))
    curves = {"equity": pa.array(result.execution.equity), "benchmark": pa.array(outcome.benchmark)}
    equity = pa.table({"ts": stamps, **curves})
    bucket.write(f"{FOLDER}/{run}/equity.parquet", parquet_bytes(equity))
    bucket.write(f"{FOLDER}/{run}/trades.parquet", parquet_bytes(pa.table(trade_columns(result))))
    features.write(bucket, f"{FOLDER}/{run}", outcome.candles.features, outcome.candles.symbols)
    for path, data in outcome.code.data.items():
        bucket.write(f"{FOLDER}/{run}/{CODE}/{path}", data)
    remember(run, outcome.code)
    about = {"id": run, "created": iso(now()), **format_fields("cqs-backtest", FORMAT), **made}
    bucket.write(f"{FOLDER}/{run}/{MANIFEST}", json.dumps(about, ensure_ascii=False, indent=1).encode())
    return run


def listing(bucket: Bucket) -> Sequence[dict[str, Any]]:
    """Manifests, newest first; a folder without one (a run being written) is left out, and so is a damaged one."""
    return survey(bucket)[0]


def survey(bucket: Bucket) -> tuple[Sequence[dict[str, Any]], Sequence[CqsError]]:
    """Manifests, newest first, and errors for those that cannot be read: a damaged one does not hide others."""
    keys = {f"{FOLDER}/{run}/{MANIFEST}": run for run in bucket.folders(FOLDER)}
    found: list[dict[str, Any]] = []
    damaged: list[CqsError] = []
    for key, data in bucket.read_many(list(keys)).items():
        try:
            found.append(_manifest(keys[key], data))
        except (DataError, NewerFormat) as error:
            damaged.append(error)
    return sorted(found, key=lambda made: str(made["id"]), reverse=True), damaged


def set_aside(bucket: Bucket, run: str) -> None:
    """Move a run's files to `data/damaged/runs/`, where they are not listed."""
    for entry in bucket.list(f"{FOLDER}/{run}"):
        bucket.write(f"data/damaged/{entry.key}", bucket.read(entry.key))
        bucket.delete([entry.key])


def read(bucket: Bucket, run: str) -> StoredRun:
    """One run by id, or by a beginning of it that no other run has.

    Raises:
        UnknownName: there is none, or several begin so.
    """
    run = id_of(bucket, run)
    files = [f"{FOLDER}/{run}/{name}" for name in (MANIFEST, "equity.parquet", "trades.parquet")]
    data = bucket.read_many(files)
    if len(data) < len(files):
        raise _lacking(bucket, run)
    equity = parquet_table(data[files[1]])
    return StoredRun(
        _manifest(run, data[files[0]]),
        equity["ts"].to_numpy().astype("datetime64[ms]").astype(np.int64),
        equity["equity"].to_numpy(),
        equity["benchmark"].to_numpy(),
        parquet_table(data[files[2]]),
    )


def manifest_of(bucket: Bucket, run: str) -> dict[str, Any]:
    """The manifest of one run alone; found and refused as `read` does."""
    run = id_of(bucket, run)
    try:
        data = bucket.read(f"{FOLDER}/{run}/{MANIFEST}")
    except FileNotFoundError:
        raise _lacking(bucket, run) from None
    return _manifest(run, data)


def id_of(bucket: Bucket, run: str) -> str:
    """The id of a run by a beginning of it that no other run has; it may be deleted.

    Raises:
        UnknownName: there is none, or several begin so.
    """
    return find_id(bucket, FOLDER, "run", run, "`cqs backtest list` names them")


def _lacking(bucket: Bucket, run: str) -> UnknownName:
    gone = bucket.exists(f"{FOLDER}/{run}/{DELETED}")
    remedy = "it was deleted; `cqs backtest restore` brings it back" if gone else "its folder is not whole"
    return UnknownName("run", run, (), remedy)


def _manifest(run: str, data: bytes) -> dict[str, Any]:
    """The manifest of a run, whose folder alone says what it is called: other files are found by that name.

    Raises:
        NewerFormat: a newer version wrote it.
        DataError: it is damaged.
    """
    key = f"{FOLDER}/{run}/{MANIFEST}"
    try:
        made = json.loads(data)
    except (ValueError, RecursionError):
        made = None
    if isinstance(made, dict):
        require_format(key, made, FORMAT, "cqs-backtest")
    if fault := fault_of(made):
        raise DataError(f"{key} is damaged: {fault}; make the run again")
    infinite = dict.fromkeys(made.get("infinite", []), math.inf)  # null in JSON
    return dict(made) | {"id": run, "performance": made["performance"] | infinite}
