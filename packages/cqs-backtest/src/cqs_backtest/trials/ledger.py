"""Reading the ledger: how many sets were tried, and how high the best of them gets by luck alone."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_backtest.trials.subject import FORMAT, Subject, folder_of
from cqs_core import DataError
from cqs_core.files import require_parquet_format, stream_of
from cqs_core.time.clock import iso
from cqs_core.trading.metrics import DAILY_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from cqs_core import Bucket
    from cqs_core.trading import Floats

_FIRST_VERSION = 2  # of Sharpe, before trials kept it
_PATIENCE = 5
_NAME = re.compile(r"(-?\d+)-(-?\d+)-(.+)\.parquet")
_COLUMNS = ("set", "sharpe", "sharpe_version")


class Sets(NamedTuple):
    """The trials of one object.

    Attributes:
        digests: (N,) hashes of parameters.
        sharpes: (N,) a year; NaN where the formula was another one.
        about: strategy, exchange, interval and symbols.
    """

    digests: npt.NDArray[np.uint64]
    sharpes: Floats
    about: Mapping[str, str]


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

    @cached_property
    def by_luck(self) -> float:
        """The Sharpe ratio, a year, that the best of them reaches by luck alone."""
        return threshold(self.sharpes)


def threshold(sharpes: Floats) -> float:
    """The Sharpe ratio that the best of these trials reaches by luck alone, in their unit.

    As `ffn.calc_expected_max_sharpe`, which takes two seconds to import: lists of runs show this, too.

    Args:
        sharpes: (N,) of all trials; one that is NaN counts as a trial.
    """
    known, number = sharpes[~np.isnan(sharpes)], len(sharpes)
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    if number < 2 or not spread > 0:
        return 0.0
    normal, gamma = NormalDist(), float(np.euler_gamma)
    return spread * ((1 - gamma) * normal.inv_cdf(1 - 1 / number) + gamma * normal.inv_cdf(1 - 1 / (number * math.e)))


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
        self._read: dict[str, Sets] = {}
        self._known: dict[tuple[str, ...], Trials] = {}

    def trials(self, subject: Subject) -> Trials:
        """See `trials`; subjects with the same sets have the same object."""
        keys = self._loaded(subject)
        if keys not in self._known:
            self._known[keys] = Trials(_newest([self._read[key] for key in keys]))
        return self._known[keys]

    def _loaded(self, subject: Subject) -> tuple[str, ...]:
        """The objects of a subject, which are read."""
        for _ in range(_PATIENCE):
            keys = self._overlapping(subject)
            missing = [key for key in keys if key not in self._read]
            data = self._bucket.read_many(missing)
            self._read |= {key: _sets(key, one) for key, one in data.items()}
            if len(data) == len(missing):
                break
            del self._listed[subject.folder]  # some were merged in the meantime
        return tuple(key for key in keys if key in self._read)

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
    root = folder_of(strategy)
    return [row for name in sorted(bucket.folders(root)) if (row := _surveyed(bucket, f"{root}/{name}"))]


def _surveyed(bucket: Bucket, folder: str) -> dict[str, Any] | None:
    objects = list(_objects(bucket, folder))
    data = bucket.read_many([key for key, _, _ in objects])
    read = [_sets(key, data[key]) for key, _, _ in objects if key in data]
    sharpes = _newest(read)
    if not len(sharpes):
        return None
    about = read[-1].about
    return {
        "exchange": about["exchange"],
        "symbols": about["symbols"].split(","),
        "interval": about["interval"],
        "trials": len(sharpes),
        "first": iso(min(first for _, first, _ in objects)),
        "last": iso(max(last for _, _, last in objects)),
        "sources": len(objects),
        "best_sharpe": math.nan if np.isnan(sharpes).all() else float(np.nanmax(sharpes)),
    }


def _newest(objects: Iterable[Sets]) -> Floats:
    """The last Sharpe of each set; `objects` come oldest first."""
    parts = list(objects)
    if not parts:
        return np.zeros(0)
    digests, sharpes = (np.concatenate(each)[::-1] for each in zip(*(part[:2] for part in parts), strict=True))
    _, first = np.unique(digests, return_index=True)
    found: Floats = sharpes[first]
    return found


def _sets(key: str, data: bytes) -> Sets:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream_of(data))
        names = set(file.schema_arrow.names)
        table = file.read([name for name in _COLUMNS if name in names])
        about = {name.decode(): value.decode() for name, value in (file.schema_arrow.metadata or {}).items()}
        lacking = {"set", "sharpe"} - names
    except (ValueError, OSError):
        lacking = {"rows"}
    else:
        require_parquet_format(key, file.schema_arrow.metadata, FORMAT, "cqs-backtest")
    if lacking:
        fact = f"{key} is damaged: {', '.join(sorted(lacking))} missing"
        raise DataError(f"{fact}. Its trials are lost; delete it to count the others")
    return Sets(table["set"].to_numpy().astype(np.uint64), _current(table), about)


def _current(table: Any) -> Floats:
    """Sharpe ratios; NaN where the formula was another one."""
    sharpes = table["sharpe"].to_numpy().astype(np.float64)
    versions = np.full(len(sharpes), _FIRST_VERSION)
    if "sharpe_version" in table.column_names:
        versions = table["sharpe_version"].fill_null(_FIRST_VERSION).to_numpy()
    return np.where(versions == DAILY_METRICS["sharpe"].version, sharpes, np.nan)


def _objects(bucket: Bucket, folder: str) -> Iterator[tuple[str, int, int]]:
    """Keys with their dates, older sources first: their names begin with the time."""
    named = [(entry.key, _NAME.fullmatch(entry.key.rpartition("/")[2])) for entry in bucket.list(folder)]
    known = [(key, found) for key, found in named if found]
    for key, found in sorted(known, key=lambda pair: pair[1][3]):
        yield key, int(found[1]), int(found[2])
