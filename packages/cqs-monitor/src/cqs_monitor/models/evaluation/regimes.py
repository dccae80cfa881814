"""Regimes by day, stored in the bucket as parquet, with the evaluation that they came from.

    regimes/{version}/{exchange}/{market}.parquet      escaped as in the lake

Columns: ts timestamp[ms, UTC] (open of the day), regime, realised (null for the last 20 days), confidence (fraction or
null). A day's regime is known at its close, so it is what one could act on during the day after.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_core import DataError
from cqs_core.files import parquet_bytes, parquet_format, parquet_table, require_parquet_format
from cqs_core.lake import escape, stamps, unescape
from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from cqs_core import Bucket
    from cqs_monitor.logs.snapshot import Snapshot

FORMAT = 1
ROOT = "regimes"


@dataclass(frozen=True)
class Regimes:
    """A model's regime of each day of one market.

    Attributes:
        table: of days, columns as they are stored.
        evaluation: what `cqs models evaluate --json` printed.
    """

    version: str
    exchange: str
    market: str
    table: pa.Table
    evaluation: dict[str, Any]

    @classmethod
    def of(cls, version: str, exchange: str, market: str, days: pd.DataFrame, evaluation: dict[str, Any]) -> Regimes:
        """Those of a frame as `days` is."""
        import pyarrow as pa

        table = pa.Table.from_pandas(days.rename_axis("ts").reset_index(), preserve_index=False)
        table = table.set_column(0, "ts", table.column("ts").cast(pa.timestamp("ms", "UTC")))
        return cls(version, exchange, market, table.replace_schema_metadata(), evaluation)

    @cached_property
    def days(self) -> pd.DataFrame:
        """A frame: index ts (UTC, the day's open), columns regime, realised, confidence."""
        return self.table.to_pandas().set_index("ts")

    @property
    def opens(self) -> npt.NDArray[np.int64]:
        """When each day opens, ms UTC."""
        return stamps(self.table)

    @property
    def names(self) -> npt.NDArray[np.object_]:
        """The regime of each day."""
        return np.array(self.table["regime"].to_pylist(), dtype=object)

    @property
    def key(self) -> str:
        return key(self.version, self.exchange, self.market)

    def bands(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Stretches of one regime, `(regime, start, end)` in ms UTC, cut to `[start, end)`."""
        for name, first, last in runs(self.opens, self.names):
            low, high = max(first, start), min(last, end)
            if low < high:
                yield name, low, high

    def known_at(self, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """The regime that was known at each time (ms UTC): that of the last day closed; None before the first."""
        closes = self.opens + DAY
        at = np.searchsorted(closes, ts, side="right") - 1
        fresh = (at >= 0) & (ts - closes[np.maximum(at, 0)] < 2 * DAY)
        names: npt.NDArray[np.object_] = self.names[np.maximum(at, 0)]
        names[~fresh] = None
        return names


def stretches(days: pd.Series[str]) -> list[tuple[str, int, int]]:
    """Runs of days of one name without a gap: the name, and where they begin and end, ms UTC."""
    return runs(opens_of(days), days.to_numpy(dtype=object))


def runs(opens: npt.NDArray[np.int64], names: npt.NDArray[np.object_]) -> list[tuple[str, int, int]]:
    """The same of arrays: opens of days in ms UTC, and their names."""
    breaks = np.flatnonzero((names[1:] != names[:-1]) | (np.diff(opens) != DAY)) + 1
    firsts, lasts = np.r_[0, breaks], np.r_[breaks, len(names)] - 1
    return [(str(names[a]), int(opens[a]), int(opens[b]) + DAY) for a, b in zip(firsts, lasts, strict=True) if a <= b]


def opens_of(days: pd.DataFrame | pd.Series[str]) -> npt.NDArray[np.int64]:
    """The index as int64 ms UTC."""
    import pandas as pd

    return pd.DatetimeIndex(days.index).as_unit("ms").asi8


def key(version: str, exchange: str, market: str) -> str:
    return f"{ROOT}/{escape(version)}/{escape(exchange)}/{escape(market)}.parquet"


def store(bucket: Bucket, regimes: Regimes) -> None:
    """Write the object whole."""
    about = {"cqs": json.dumps(regimes.evaluation), **parquet_format("cqs-monitor", FORMAT)}
    table = regimes.table.replace_schema_metadata(about)
    bucket.write(regimes.key, parquet_bytes(table))


def stored(bucket: Bucket, version: str, exchange: str, market: str) -> Regimes | None:
    """The stored regimes; None if there are none.

    Raises:
        NewerFormat: a newer version wrote it.
        DataError: the object is damaged.
    """
    import pyarrow as pa

    name = key(version, exchange, market)
    try:
        table = parquet_table(bucket.read(name))
        about = table.schema.metadata or {}
        require_parquet_format(repr(name), about, FORMAT, "cqs-monitor")
        if missing := {"ts", "regime"}.difference(table.column_names):
            raise ValueError(f"it has no column {min(missing)!r}")  # noqa: TRY301 - one message for all damage
        evaluation = json.loads(about[b"cqs"])
    except FileNotFoundError:
        return None
    except (pa.ArrowException, ValueError, KeyError, AttributeError) as error:
        raise DataError(
            f"{name!r} is damaged ({error}); evaluate the model again: cqs models evaluate {version}"
        ) from None
    return Regimes(version, exchange, market, table, evaluation)


def listing(bucket: Bucket) -> Sequence[tuple[str, str, str, float]]:
    """`(version, exchange, market, seconds of the epoch when stored)`, newest first."""
    found = []
    for entry in bucket.list(ROOT):
        parts = entry.key.removesuffix(".parquet").split("/")
        if len(parts) == 4:
            version, exchange, market = (unescape(part) for part in parts[1:])
            found.append((version, exchange, market, entry.modified or 0.0))
    return sorted(found, key=lambda row: row[3], reverse=True)


UNKNOWN = "no regime known"


class Earned(NamedTuple):
    """PnL of one regime and currency: profit before fees, number of sales, and percent of them that won."""

    regime: str
    currency: str
    pnl: float
    sells: int
    win_rate: float


def pnl_by_regime(snapshot: Snapshot, regimes: Regimes, account: str | None = None) -> list[Earned]:
    """By currency and regime, the one with most sales first.

    Args:
        snapshot: of the logs.
        regimes: of one market, taken for all symbols.
        account: None is all of them.
    """
    rows = snapshot.rows if account is None else snapshot.rows.of([account])
    sold = rows.where(rows.sell)
    names = np.array([UNKNOWN if name is None else name for name in regimes.known_at(sold.ts)], dtype=object)
    currencies = sold.currencies
    cells = sorted(set(zip(currencies, names, strict=True)))
    profit, won = sold.profit, sold.won(net=False)
    found = []
    for currency, name in cells:
        mine = (currencies == currency) & (names == name)
        found.append(Earned(name, currency, float(profit[mine].sum()), int(mine.sum()), 100 * float(won[mine].mean())))
    return sorted(found, key=lambda one: one.sells, reverse=True)
