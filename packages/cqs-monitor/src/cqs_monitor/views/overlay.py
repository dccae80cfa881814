"""The bots' fills over any candle chart of their market."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core import settings
from cqs_core.config import bucket_url
from cqs_monitor.logs.history import logs_of
from cqs_monitor.performance.prices import market_of
from cqs_monitor.views.trades import marks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Series
    from cqs_panel import Layer


def layers(series: Series, start: int, end: int) -> Sequence[Layer]:
    """Buys and sells of all accounts in `[start, end)`, ms UTC; nothing on other exchanges than the home one."""
    if series.exchange != settings().exchange:
        return []
    snapshot = logs_of(bucket_url()).refresh()
    at = snapshot.table["timestamp"].cast(pa.int64()).to_numpy() // 1000
    table = snapshot.table.filter(pa.array((at >= start) & (at < end)))
    symbols = [str(name) for name in table["symbol"].unique().to_pylist() if market_of(str(name)) == series.market]
    found = [mark for symbol in symbols for mark in marks_of(table, symbol)]
    return [mark for mark in found if np.size(mark.ts)]
