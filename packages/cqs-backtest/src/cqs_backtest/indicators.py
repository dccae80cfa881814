"""Indicators as they are known at a bar's open: each row shows the value after the last candle that has closed.

They run over a symbol's own candles; a missing bar is skipped and carries the last value on. For a reference market
the rows are those of the traded symbols. Each is (T, S) float64, NaN until there are enough candles, computed once for
a `Candles` object and read-only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core import FIELDS, UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from cqs_core import Candles

Floats = npt.NDArray[np.float64]


def computed(candles: Candles, function: Callable[..., npt.NDArray[Any]], *parameters: Hashable) -> npt.NDArray[Any]:
    """`function(candles, *parameters)`, computed once for these candles and parameters, and read-only.

    A strategy that takes each of its parts from here is fast in a search: only the parts whose parameters changed are
    computed again.
    """
    return _checked(candles).cached((function, *parameters), lambda: function(candles, *parameters))


def previous(candles: Candles, field: str, bars: int = 1) -> Floats:
    """`open`, `high`, `low`, `close` or `volume` of the last closed candle, or of the one `bars` - 1 before it."""
    return _known(candles, "lag", _field(candles, field), bars - 1, key=field)


def closed(candles: Candles) -> npt.NDArray[np.int64]:
    """How many candles of each symbol have closed."""

    def make() -> npt.NDArray[np.int64]:
        return _at_rows(candles, np.cumsum(candles.present, axis=0), 0)

    return _checked(candles).cached("closed", make)


def sma(candles: Candles, n: int, field: str = "close") -> Floats:
    """Simple moving average of the last `n` closed candles."""
    return _known(candles, "mean", _field(candles, field), n, key=field)


def ema(candles: Candles, n: int, field: str = "close") -> Floats:
    """Exponential moving average with span `n`, as pandas' `ewm(span=n, adjust=False)`, over the whole history."""
    return _known(candles, "ewm", _field(candles, field), 2 / (n + 1), n, key=field)


def std(candles: Candles, n: int, field: str = "close") -> Floats:
    """Standard deviation (of the population) of the last `n` closed candles."""
    return _known(candles, "deviation", _field(candles, field), n, key=field)


def highest(candles: Candles, n: int, field: str = "high") -> Floats:
    """The largest value of the last `n` closed candles."""
    return _known(candles, "extreme", _field(candles, field), n, 1.0, key=field)


def lowest(candles: Candles, n: int, field: str = "low") -> Floats:
    """The smallest value of the last `n` closed candles."""
    return _known(candles, "extreme", _field(candles, field), n, -1.0, key=field)


def rsi(candles: Candles, n: int) -> Floats:
    """Wilder's relative strength index of closes, 0 to 100; 50 where nothing moved."""

    def make() -> Floats:
        move = candles.close - _kernel("lag")(candles.close, 1)
        move[np.isnan(move) & candles.present] = 0.0  # a symbol's first candle
        up = _kernel("ewm")(np.where(move < 0, 0.0, move), 1 / n, n + 1)
        down = _kernel("ewm")(np.where(move > 0, 0.0, -move), 1 / n, n + 1)
        total = up + down
        return _at_rows(candles, np.where(total > 0, 100 * up / np.where(total > 0, total, 1), 50 + 0 * total), np.nan)

    return _checked(candles).cached(("rsi", n), make)


def atr(candles: Candles, n: int) -> Floats:
    """Wilder's average true range of the last `n` closed candles."""

    def make() -> Floats:
        before = _kernel("lag")(candles.close, 1)
        true = np.fmax(candles.high, before) - np.fmin(candles.low, before)
        true[~candles.present] = np.nan
        return _at_rows(candles, _kernel("ewm")(true, 1 / n, n), np.nan)

    return _checked(candles).cached(("atr", n), make)


def noise(candles: Candles, n: int) -> Floats:
    """Mean of 1 - |close - open| / (high - low) over the last `n` closed candles; a bar without range is all noise."""

    def make() -> Floats:
        width = candles.high - candles.low
        body = np.abs(candles.close - candles.open)
        value = np.where(width > 0, 1 - body / np.where(width > 0, width, 1), np.where(candles.present, 1.0, np.nan))
        return _at_rows(candles, _kernel("mean")(value, n), np.nan)

    return _checked(candles).cached(("noise", n), make)


def _checked(candles: Candles) -> Candles:
    if not hasattr(candles, "cached"):
        raise UsageError(f"an indicator takes the candles, not {type(candles).__name__}: ema(candles, 20, 'close')")
    return candles


def _field(candles: Candles, field: str) -> Floats:
    if field not in FIELDS:
        raise UnknownName("field", field, FIELDS)
    values: Floats = getattr(_checked(candles), field)
    return values


def _known(candles: Candles, kernel: str, values: Floats, *args: float, key: str) -> Floats:
    def make() -> Floats:
        return _at_rows(candles, _kernel(kernel)(values, *args), np.nan)

    return _checked(candles).cached((kernel, key, *args), make)


def _at_rows(candles: Candles, values: npt.NDArray[Any], unknown: float) -> npt.NDArray[Any]:
    """Values after each candle, looked up at each row's last closed one."""
    if candles.rows is None:
        known = np.empty_like(values)
        known[:1], known[1:] = unknown, values[:-1]
        return known
    at = candles.last_closed()
    if len(values) == 0:
        return np.full((len(at), values.shape[1]), unknown)
    known = values[np.maximum(at, 0)]
    known[at < 0] = unknown
    return known


def _kernel(name: str) -> Callable[..., Floats]:
    from cqs_backtest import indicator_kernels

    kernel: Callable[..., Floats] = getattr(indicator_kernels, name)
    return kernel
