"""Candles out of a folder: `{exchange}/{BASE-QUOTE}_{interval}.parquet`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import FIELDS, UsageError
from cqs_data.sandbox.candle_rows import CandleRows, aggregate, divides, step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TIME_COLUMNS = ("ts", "timestamp")


class CandleFolder:
    """A folder of parquet files, one per series; missing intervals are derived from the longest shorter one.

    Args:
        root: holds one folder an exchange.

    Raises:
        UsageError: it contains no candle file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[tuple[str, str, str], CandleRows] = {}
        if not self.files:
            raise UsageError(f"no candles in {str(root)!r}; put files there as upbit/BTC-KRW_1d.parquet")

    @cached_property
    def files(self) -> Mapping[tuple[str, str], dict[str, Path]]:
        """Files by exchange and unified market, then by interval."""
        found: dict[tuple[str, str], dict[str, Path]] = {}
        for path in sorted(self.root.glob("*/*_*.parquet")):
            name, _, interval = path.stem.rpartition("_")
            found.setdefault((path.parent.name, name.replace("-", "/")), {})[interval] = path
        return found

    def markets(self, exchange: str) -> list[str]:
        return [market for owner, market in self.files if owner == exchange]

    def first(self, exchange: str, market: str) -> int:
        return min(int(self._load(exchange, market, interval).ts[0]) for interval in self.files[exchange, market])

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        key = (exchange, market, interval)
        if key not in self._loaded and interval not in self.files[exchange, market]:
            stored = self._finest(exchange, market, interval)
            self._loaded[key] = (
                aggregate(self._load(exchange, market, stored), interval) if stored else CandleRows.empty()
            )
        return self._load(*key).between(start, end)

    def _finest(self, exchange: str, market: str, interval: str) -> str | None:
        stored = self.files[exchange, market]
        return max((i for i in stored if divides(i, interval)), key=step, default=None)

    def _load(self, exchange: str, market: str, interval: str) -> CandleRows:
        key = (exchange, market, interval)
        if key not in self._loaded:
            self._loaded[key] = read(self.files[exchange, market][interval])
        return self._loaded[key]


def read(path: Path) -> CandleRows:
    """Candles of a parquet file: a time column named `ts` or `timestamp`, then open, high, low, close, volume.

    Raises:
        UsageError: it has no such columns, or no rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    times = next((name for name in _TIME_COLUMNS if name in table.column_names), None)
    if times is None or not set(FIELDS) <= set(table.column_names) or table.num_rows == 0:
        raise UsageError(f"{str(path)!r} holds no candles; it needs ts, {', '.join(FIELDS)}, and rows")
    ts = table[times].cast(pa.timestamp("ms", "UTC")).to_numpy().astype("M8[ms]").astype(np.int64)
    values = np.column_stack([table[name].to_numpy() for name in FIELDS])
    order = np.argsort(ts, kind="stable")
    return CandleRows(ts[order], values[order].astype(np.float64))
