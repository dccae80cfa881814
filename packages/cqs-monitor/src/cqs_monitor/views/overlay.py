"""The bots' fills over any candle chart of their market."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.config import bucket_url
from cqs_monitor.performance.prices import market_of
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.views.trades_on_candles import marks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Series
    from cqs_panel import Layer


def layers(series: Series, start: int, end: int) -> Sequence[Layer]:
    """Buys and sells of all accounts that trade this market, in `[start, end)`, ms UTC."""
    snapshot = reader_of(bucket_url()).refresh().snapshot
    at = snapshot.table["timestamp"].cast(pa.int64()).to_numpy() // 1000
    table = snapshot.table.filter(pa.array((at >= start) & (at < end)))
    found = []
    for form in dict.fromkeys(snapshot.formats.values()):
        mine = [i for i, name in enumerate(snapshot.accounts) if snapshot.formats[name] is form]
        rows = table.filter(pa.array(np.isin(table["account"].to_numpy(), mine)))
        names = [str(name) for name in rows["symbol"].unique().to_pylist()]
        traded = [name for name in names if market_of(name, form) == (series.exchange, series.market)]
        found += [mark for symbol in traded for mark in marks_of(rows, symbol, form.currency)]
    return [mark for mark in found if np.size(mark.ts)]
