"""Trades next to gaps in the data, where the real outcome is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import length, next_open
from cqs_core.trading import OPEN

if TYPE_CHECKING:
    from cqs_core import Candles
    from cqs_core.trading import Trades


def touched(trades: Trades, candles: Candles) -> npt.NDArray[np.bool_]:
    """For each trade, whether its symbol misses a bar between the bar before its entry and the bar after its exit."""
    found = np.zeros(len(trades), np.bool_)
    for s in np.unique(trades["symbol"]):
        own = np.flatnonzero(candles.present[:, s])
        holes = np.append(0, np.cumsum(_hole_after(candles, own)))
        mine = trades["symbol"] == s
        last = np.where(trades["exit"][mine] == OPEN, own[-1], trades["exit"][mine])
        first = np.maximum(np.searchsorted(own, trades["entry"][mine]) - 1, 0)
        until = np.minimum(np.searchsorted(own, last) + 1, len(own) - 1)
        found[mine] = holes[until] > holes[first]
    return found


def _hole_after(candles: Candles, own: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """For each own candle but the last, whether the next bar of the grid is missing."""
    ts = candles.ts[own]
    if candles.interval == "1M":
        due = np.array([next_open("1M", int(at)) for at in ts[:-1]], dtype=np.int64)
    else:
        due = ts[:-1] + length(candles.interval)
    return np.asarray(ts[1:] > due)
