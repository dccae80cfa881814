"""Candles made up for tests: as a table of the lake, and in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.time import intervals
from cqs_core.trading.candles import Candles

if TYPE_CHECKING:
    import pyarrow as pa


def flat_table(n: int, start: int = 0, price: float = 1.0, interval: str = "1d") -> pa.Table:
    """`n` bars from the open `start` (ms UTC) on, with all prices and the volume alike, as `Lake.append` takes them."""
    from cqs_core.lake.series_table import candle_table

    ts = np.array([intervals.next_open(interval, start, i) for i in range(n)], dtype=np.int64)
    return candle_table(ts, np.full((n, 5), price))


def random_candles(
    symbols: tuple[str, ...] = ("BTC/KRW",),
    rows: int = 300,
    *,
    interval: str = "1d",
    seed: int = 0,
    missing: float = 0.0,
) -> Candles:
    """A random walk of each symbol; a share `missing` of the bars is NaN, never the first row."""
    random = np.random.default_rng(seed)
    shape = rows, len(symbols)
    close = 1000 * np.exp(np.cumsum(random.normal(0, 0.03, shape), axis=0))
    open_ = np.vstack([close[:1], close[:-1]]) * np.exp(random.normal(0, 0.005, shape))
    high = np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.01, shape)))
    low = np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.01, shape)))
    arrays = {"open": open_, "high": high, "low": low, "close": close, "volume": random.random(shape) * 1000}
    absent = random.random(shape) < missing
    absent[0] = False
    for values in arrays.values():
        values[absent] = np.nan
    start = intervals.next_open(interval, 1_577_836_800_000, 0)  # 2020
    ts = np.array([intervals.next_open(interval, start, i) for i in range(rows)], dtype=np.int64)
    return Candles(ts=ts, symbols=symbols, interval=interval, **arrays).validate()
