"""Maximum adverse and favorable excursion of a trade while it was open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def excursions(trades: npt.NDArray[Any], first_price: Floats, candles: Candles) -> tuple[Floats, Floats]:
    """MAE and MFE in percent: (worst | best price) / entry price - 1, so that MAE <= 0 <= MFE.

    Seen are the entry itself; the rest of the entry bar (its low; its high, or its close after a limit entry inside the
    bar); every full bar between; of the exit bar only its open and the exit fill. Missing bars are skipped.

    Args:
        trades: dtype `cqs_core.trading.trades.Trade`, of which symbol, entry, exit and the prices are read.
        first_price: the fill that opened each trade; below the open of its bar it was a limit inside the bar.
        candles: the run's.
    """
    low, high = np.empty(len(trades)), np.empty(len(trades))
    for symbol in np.unique(trades["symbol"]):
        own = np.flatnonzero(trades["symbol"] == symbol)
        low[own], high[own] = _extremes(trades[own], first_price[own], candles, int(symbol))
    entry = trades["entry_price"]
    return 100 * np.minimum(low / entry - 1, 0), 100 * np.maximum(high / entry - 1, 0)


def _extremes(trades: npt.NDArray[Any], first_price: Floats, candles: Candles, s: int) -> tuple[Floats, Floats]:
    entry, out = trades["entry"], trades["exit"]
    same = entry == out
    limited = first_price < candles.open[entry, s]
    worst, best = candles.low[entry, s], np.where(limited, candles.close[entry, s], candles.high[entry, s])
    until = np.where(out < 0, candles.shape[0], out)
    at_open = np.where(out < 0, np.nan, candles.open[out, s])
    low = _least([worst, _reduced(np.fmin, candles.low[:, s], entry + 1, until), at_open], same)
    high = _most([best, _reduced(np.fmax, candles.high[:, s], entry + 1, until), at_open], same)
    return np.fmin(low, trades["exit_price"]), np.fmax(high, trades["exit_price"])


def _least(prices: list[Floats], same: npt.NDArray[np.bool_]) -> Floats:
    return np.where(same, np.nan, np.fmin.reduce(prices))


def _most(prices: list[Floats], same: npt.NDArray[np.bool_]) -> Floats:
    return np.where(same, np.nan, np.fmax.reduce(prices))


def _reduced(ufunc: np.ufunc, column: Floats, start: Ints, stop: Ints) -> Floats:
    """`ufunc` over `column[start:stop]` for each pair; NaN where that is empty."""
    padded = np.append(column, np.nan)
    pairs = np.column_stack([start, np.maximum(start, stop)]).ravel()
    return np.where(stop > start, ufunc.reduceat(padded, pairs)[::2], np.nan)
