"""SQL tables of kept runs: `runs`, `run_metrics`, `run_trades` and `run_equity`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cqs_core import SqlTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from cqs_backtest.runs.annotating import Annotation
    from cqs_core import Bucket

_HERE = "cqs_backtest.runs.kept_tables"
_HEADLINE = ("total_return", "cagr", "sharpe", "sortino", "mdd", "num_trades")

TABLES = [
    SqlTable(
        "runs",
        {
            "run": "varchar",
            "name": "varchar",
            "created": "timestamptz",
            "strategy": "varchar",
            "parameters": "json",
            "exchange": "varchar",
            "symbols": "varchar[]",
            "interval": "varchar",
            "engine": "varchar",
            "benchmark": "varchar",
            "first": "timestamptz",
            "last": "timestamptz",
            "lookahead": "varchar",
            "parity": "varchar",
            **dict.fromkeys(_HEADLINE, "double"),
            "dsr": "double",
            "trials": "bigint",
            "other_versions": "varchar[]",
            "note": "varchar",
            "tags": "varchar[]",
            "star": "boolean",
        },
        f"{_HERE}:runs",
        "One kept run, with its headline metrics and deflated Sharpe; other_versions: metrics of another formula.",
    ),
    SqlTable(
        "run_metrics",
        {"run": "varchar", "metric": "varchar", "value": "double", "version": "bigint"},
        f"{_HERE}:run_metrics",
        "One metric of a kept run; only values of one version of its formula compare.",
    ),
    SqlTable(
        "run_trades",
        {
            "run": "varchar",
            "symbol": "varchar",
            "entry_time": "timestamptz",
            "exit_time": "timestamptz",
            "entry_price": "double",
            "exit_price": "double",
            "quantity": "double",
            "pnl": "double",
            "return_pct": "double",
            "fees": "double",
            "reason": "varchar",
            "position": "bigint",
            "bars": "bigint",
            "mae_pct": "double",
            "mfe_pct": "double",
        },
        f"{_HERE}:run_trades",
        "One round trip of a kept run, first in, first out.",
    ),
    SqlTable(
        "run_equity",
        {"run": "varchar", "ts": "timestamptz", "equity": "double", "benchmark": "double"},
        f"{_HERE}:run_equity",
        "One bar of a kept run; ts is its open, equity is that at its close.",
    ),
]


def runs(bucket: Bucket) -> pa.Table:
    """Manifests that can be read."""
    import pyarrow as pa

    names = next(table for table in TABLES if table.name == "runs").columns
    from cqs_backtest.luck import lucks
    from cqs_backtest.runs.annotating import annotations_of

    found = _manifests(bucket)
    each = zip(found, annotations_of(bucket, found), lucks(bucket, found), strict=True)
    rows = [_about(made) | _said(annotation) | luck.row() for made, annotation, luck in each]
    return pa.table({name: pa.array([row[name] for row in rows], _kind(name)) for name in names})


def run_metrics(bucket: Bucket) -> pa.Table:
    """Every metric of every run; those that could not be computed are null."""
    import pyarrow as pa

    rows = [(made["id"], *row) for made in _manifests(bucket) for row in _metrics(made)]
    run, metric, value, version = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "run": pa.array(run, pa.string()),
            "metric": pa.array(metric, pa.string()),
            "value": pa.array(value, pa.float64()),
            "version": pa.array(version, pa.int64()),
        }
    )


def run_trades(bucket: Bucket) -> pa.Table:
    """Round trips of all runs."""
    return _joined(bucket, "run_trades", "trades.parquet")


def run_equity(bucket: Bucket) -> pa.Table:
    """Curves of all runs."""
    return _joined(bucket, "run_equity", "equity.parquet")


def _manifests(bucket: Bucket) -> list[dict[str, Any]]:
    from cqs_backtest.runs.store import listing

    return list(listing(bucket))


def _about(made: dict[str, Any]) -> dict[str, Any]:
    from cqs_backtest.metrics.conventions import other_versions

    about = {name: made.get(name) for name in ("created", "exchange", "symbols", "interval", "engine")}
    about |= {name: made.get(name) for name in ("benchmark", "first", "last")}
    about |= {name: made["badges"].get(name) for name in ("lookahead", "parity")}
    about |= {name: made["performance"].get(name) for name in _HEADLINE}
    about |= {"other_versions": other_versions(made)}
    strategy = made["strategy"]
    return about | {"run": made["id"], "strategy": strategy["name"], "parameters": json.dumps(strategy["parameters"])}


def _said(annotation: Annotation) -> dict[str, Any]:
    return {name: getattr(annotation, name) for name in ("name", "note", "tags", "star")}


def _metrics(made: dict[str, Any]) -> Iterator[tuple[str, float | None, int]]:
    from cqs_backtest.metrics.conventions import version_of

    for name, value in made["performance"].items():
        yield name, value, version_of(made, name)


def _kind(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in (*_HEADLINE, "dsr"):
        return pa.float64()
    if name in ("trials", "star"):
        return pa.int64() if name == "trials" else pa.bool_()
    return pa.list_(pa.string()) if name in ("symbols", "other_versions", "tags") else pa.string()


def _joined(bucket: Bucket, name: str, file: str) -> pa.Table:
    """One file of every whole run, the run's id before it."""
    import pyarrow as pa

    names = next(table for table in TABLES if table.name == name).columns
    empty = pa.table({column: pa.array([], pa.null()) for column in names})
    return pa.concat_tables([empty, *_files(bucket, file)], promote_options="permissive")


def _files(bucket: Bucket, file: str) -> Iterator[pa.Table]:
    import pyarrow as pa

    from cqs_backtest.runs.store import FOLDER
    from cqs_core.files import parquet_table

    keys = {f"{FOLDER}/{made['id']}/{file}": made["id"] for made in _manifests(bucket)}
    for key, data in bucket.read_many(list(keys)).items():
        table = parquet_table(data)
        yield table.add_column(0, "run", pa.array([keys[key]] * len(table), pa.string()))
