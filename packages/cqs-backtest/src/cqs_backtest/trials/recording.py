"""Entering sets in the ledger."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.trials.subject import FORMAT, Subject, subject_of
from cqs_core.files import parquet_bytes, parquet_format, parquet_table, require_parquet_format
from cqs_core.time.clock import now
from cqs_core.trading.metrics import DAILY_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_backtest.request import Request
    from cqs_core import Bucket, Candles

_SINGLE = "set-"
_MOST_SINGLE = 64
"""Objects of single runs on the same dates from which they are merged."""


def count(bucket: Bucket, request: Request, traded: Candles, sharpe: float) -> None:
    """Count the set of a single run; the same set on the same dates is one object, however often it runs.

    Args:
        bucket: that keeps the ledger.
        request: of the run.
        traded: the bars that could trade.
        sharpe: a year; NaN is a set that never moved.
    """
    count_set(bucket, subject_of(request, traded), request.strategy.values(), sharpe)


def count_set(bucket: Bucket, subject: Subject, values: Mapping[str, Any], sharpe: float) -> None:
    """The same for all parameters of a set, by what it was evaluated on."""
    digest = _digest(canonical(values))
    record(bucket, subject, f"{_SINGLE}{digest:016x}", [values], [sharpe])
    if digest % _MOST_SINGLE == 0:
        _gather(bucket, subject)


def record(
    bucket: Bucket, subject: Subject, source: str, sets: Sequence[Mapping[str, Any]], sharpes: Iterable[float]
) -> None:
    """Count these sets.

    Args:
        bucket: that keeps the ledger.
        subject: what they were evaluated on.
        source: of the trials; written again, the same source counts once.
        sets: all parameters of each, also those that a search did not change.
        sharpes: a year; NaN is a set that never moved.
    """
    import pyarrow as pa

    texts = [canonical(values) for values in sets]
    about = {"strategy": subject.strategy, "exchange": subject.exchange, "interval": subject.interval}
    about |= {"symbols": ",".join(subject.markets), **parquet_format("cqs-backtest", FORMAT)}
    table = pa.table(
        {
            "set": pa.array([_digest(text) for text in texts], pa.uint64()),
            "sharpe": pa.array(np.nan_to_num(np.asarray(list(sharpes), np.float64))),
            "parameters": pa.array(texts, pa.string()),
            "sharpe_version": pa.array([DAILY_METRICS["sharpe"].version] * len(texts), pa.int64()),
        }
    ).replace_schema_metadata(about)
    bucket.write(subject.key(source), parquet_bytes(table))


def merge(bucket: Bucket, subject: Subject, source: str, parts: Sequence[str]) -> None:
    """Merge records under several sources into one object."""
    import pyarrow as pa

    keys = [subject.key(part) for part in parts]
    read = {key: parquet_table(data) for key, data in bucket.read_many(keys).items()}
    for key, table in read.items():
        require_parquet_format(key, table.schema.metadata, FORMAT, "cqs-backtest")
    tables = [*read.values()]
    if tables:
        bucket.write(subject.key(source), parquet_bytes(pa.concat_tables(tables, promote_options="default")))
        bucket.delete(keys)


def canonical(values: Mapping[str, Any]) -> str:
    """A set as text: the same for the same values, in whatever order and whether written 1 or 1.0."""
    plain = {name: _plain(value) for name, value in values.items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _gather(bucket: Bucket, subject: Subject) -> None:
    """Merge the objects of single runs on these dates, if there are many."""
    prefix = subject.key(_SINGLE).removesuffix(".parquet")
    found = [entry.key for entry in bucket.list(subject.folder) if entry.key.startswith(prefix)]
    if len(found) >= _MOST_SINGLE:
        start = len(prefix) - len(_SINGLE)
        parts = [key[start:].removesuffix(".parquet") for key in found]
        merge(bucket, subject, f"{now()}-{len(parts)}-single", parts)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return float(value) if isinstance(value, int | float) else repr(value)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
