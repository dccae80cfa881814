"""The trial ledger: every set of parameters that was ever evaluated for a strategy, its markets and interval.

The best of many trials looks good by luck alone, so its luck is judged by how many there were. A set counts once,
however often it was evaluated, on whatever candles: what counts are its parameters, and dates that overlap.

    trials/{strategy}/{exchange}-{interval}-{hash of the markets}/{first}-{last}-{source}.parquet

`first` and `last` are ms UTC. `source` is a search, or `set-` and a hash for a set that a single run evaluated.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.loading.strategies import name_of
from cqs_core import DataError
from cqs_core.files import parquet_bytes, parquet_table
from cqs_core.time.clock import iso, now, parse_moment
from cqs_core.trading.metrics import DAILY_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_backtest.request import Request
    from cqs_core import Bucket, Candles
    from cqs_core.trading import Floats

FOLDER = "trials"
_FIRST_VERSION = 2  # of Sharpe, before trials kept it
_SINGLE = "set-"
_MOST_SINGLE = 64
"""Objects of single runs on the same dates from which they are merged."""
_PATIENCE = 5
_NAME = re.compile(r"(-?\d+)-(-?\d+)-(.+)\.parquet")


@dataclass(frozen=True)
class Subject:
    """The subject for which trials are counted.

    Attributes:
        strategy: its name.
        exchange: of the markets.
        markets: unified, in any order.
        interval: of the candles.
        first: open of the first bar that could trade, ms UTC.
        last: open of the last bar.
    """

    strategy: str
    exchange: str
    markets: tuple[str, ...]
    interval: str
    first: int
    last: int

    @property
    def folder(self) -> str:
        """Where its trials are."""
        markets = " ".join(sorted(self.markets))
        digest = hashlib.blake2b(markets.encode(), digest_size=6).hexdigest()
        return f"{FOLDER}/{_slug(self.strategy)}/{_slug(self.exchange)}-{self.interval}-{digest}"

    def key(self, source: str) -> str:
        """The object with the trials of one run or search."""
        return f"{self.folder}/{self.first}-{self.last}-{source}.parquet"


@dataclass(frozen=True, eq=False)
class Trials:
    """The sets that were evaluated on dates that overlap, each once.

    Attributes:
        sharpes: (N,) a year, the newest of each set; one that never moved has 0, and NaN was computed by another
            version of the formula: it counts as a trial, but does not compare.
    """

    sharpes: Floats

    def __len__(self) -> int:
        return len(self.sharpes)


def subject_of(request: Request, traded: Candles) -> Subject:
    """The subject of a request's trials.

    Args:
        request: of a run or search.
        traded: the bars that could trade.
    """
    dates = int(traded.ts[0]), int(traded.ts[-1])
    return Subject(name_of(request.strategy), request.exchange, request.markets, request.interval, *dates)


def subject_of_run(made: Mapping[str, Any]) -> Subject:
    """The subject of a run, from its manifest.

    Raises:
        UsageError: a date is none.
        KeyError: a key is missing.
    """
    first, last = (parse_moment(made[name])[0] for name in ("first", "last"))
    return Subject(made["strategy"]["name"], made["exchange"], tuple(made["symbols"]), made["interval"], first, last)


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
    about |= {"symbols": ",".join(subject.markets)}
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
    tables = [parquet_table(data) for data in bucket.read_many(keys).values()]
    if tables:
        bucket.write(subject.key(source), parquet_bytes(pa.concat_tables(tables, promote_options="default")))
        bucket.delete(keys)


def trials(bucket: Bucket, subject: Subject) -> Trials:
    """Every set that was evaluated for this strategy, these markets and interval, on dates that overlap.

    Raises:
        DataError: an object of the ledger is damaged.
    """
    return Ledger(bucket).trials(subject)


class Ledger:
    """The ledger of a bucket, for many subjects: every object is read once.

    Args:
        bucket: that keeps it.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._listed: dict[str, list[tuple[str, int, int]]] = {}
        self._read: dict[str, dict[int, float]] = {}

    def trials(self, subject: Subject) -> Trials:
        """See `trials`."""
        for _ in range(_PATIENCE):
            keys = self._overlapping(subject)
            missing = [key for key in keys if key not in self._read]
            data = self._bucket.read_many(missing)
            self._read |= {key: _sharpes(_table(key, one)) for key, one in data.items()}
            if len(data) == len(missing):
                break
            del self._listed[subject.folder]  # some were merged in the meantime
        found: dict[int, float] = {}
        for key in keys:
            found |= self._read.get(key, {})
        return Trials(np.array(list(found.values()), np.float64))

    def _overlapping(self, subject: Subject) -> list[str]:
        folder = subject.folder
        if folder not in self._listed:
            self._listed[folder] = list(_objects(self._bucket, folder))
        listed = self._listed[folder]
        return [key for key, first, last in listed if first <= subject.last and last >= subject.first]


def survey(bucket: Bucket, strategy: str) -> list[dict[str, Any]]:
    """One object for each group of markets and interval on which a strategy was tried.

    Returns:
        `exchange`, `symbols`, `interval`, `trials` (sets, each counted once), `first` and `last` (ISO 8601), `sources`
        (runs and searches), `best_sharpe` (a year; NaN if none was computed by the formula of today).
    """
    root = f"{FOLDER}/{_slug(strategy)}"
    return [row for name in sorted(bucket.folders(root)) if (row := _surveyed(bucket, f"{root}/{name}"))]


def canonical(values: Mapping[str, Any]) -> str:
    """A set as text: the same for the same values, in whatever order and whether written 1 or 1.0."""
    plain = {name: _plain(value) for name, value in values.items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _surveyed(bucket: Bucket, folder: str) -> dict[str, Any] | None:
    objects = list(_objects(bucket, folder))
    best: dict[int, float] = {}
    about: Mapping[bytes, bytes] = {}
    for key, data in bucket.read_many([key for key, _, _ in objects]).items():
        table = _table(key, data)
        about = table.schema.metadata
        best |= _sharpes(table)
    if not best:
        return None
    known = {name.decode(): value.decode() for name, value in about.items()}
    return {
        "exchange": known["exchange"],
        "symbols": known["symbols"].split(","),
        "interval": known["interval"],
        "trials": len(best),
        "first": iso(min(first for _, first, _ in objects)),
        "last": iso(max(last for _, _, last in objects)),
        "sources": len(objects),
        "best_sharpe": max((value for value in best.values() if not math.isnan(value)), default=math.nan),
    }


def _gather(bucket: Bucket, subject: Subject) -> None:
    """Merge the objects of single runs on these dates, if there are many."""
    prefix = subject.key(_SINGLE).removesuffix(".parquet")
    found = [entry.key for entry in bucket.list(subject.folder) if entry.key.startswith(prefix)]
    if len(found) >= _MOST_SINGLE:
        start = len(prefix) - len(_SINGLE)
        parts = [key[start:].removesuffix(".parquet") for key in found]
        merge(bucket, subject, f"{now()}-{len(parts)}-single", parts)


def _table(key: str, data: bytes) -> Any:
    try:
        table = parquet_table(data)
        lacking = {"set", "sharpe"} - set(table.column_names)
    except (ValueError, OSError):
        lacking = {"rows"}
    if lacking:
        fact = f"{key} is damaged: {', '.join(sorted(lacking))} missing"
        raise DataError(f"{fact}. Its trials are lost; delete it to count the others")
    return table


def _sharpes(table: Any) -> dict[int, float]:
    """By set; NaN where the formula was another one."""
    named = "sharpe_version" in table.column_names
    versions = table["sharpe_version"].to_pylist() if named else [None] * len(table)
    rows = zip(table["set"].to_pylist(), table["sharpe"].to_pylist(), versions, strict=True)
    current = DAILY_METRICS["sharpe"].version
    return {key: value if (version or _FIRST_VERSION) == current else math.nan for key, value, version in rows}


def _objects(bucket: Bucket, folder: str) -> Iterable[tuple[str, int, int]]:
    """Keys with their dates, older sources first: their names begin with the time."""
    named = [(entry.key, _NAME.fullmatch(entry.key.rpartition("/")[2])) for entry in bucket.list(folder)]
    known = [(key, found) for key, found in named if found]
    for key, found in sorted(known, key=lambda pair: pair[1][3]):
        yield key, int(found[1]), int(found[2])


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return float(value) if isinstance(value, int | float) else repr(value)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _slug(name: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-").lower()
    return slug if slug == name else f"{slug}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}"
