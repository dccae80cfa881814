"""The indicators of this package, as candle charts offer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel import Indicator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from cqs_core import Candles

_OF = "cqs_backtest.indicators"
_FADES, _FADES_AS_WILDERS = 10, 20  # times n until what came before weighs less than 1e-8


def bollinger(candles: Candles, n: int, width: float) -> Mapping[str, npt.NDArray[np.float64]]:
    """The mean of the last `n` closes, and `width` standard deviations above and below it."""
    from cqs_backtest import indicators

    middle, apart = indicators.sma(candles, n), width * indicators.std(candles, n)
    return {"middle": middle, "upper": middle + apart, "lower": middle - apart}


def channel(candles: Candles, n: int) -> Mapping[str, npt.NDArray[np.float64]]:
    """The highest high and the lowest low of the last `n` candles."""
    from cqs_backtest import indicators

    return {"highest": indicators.highest(candles, n), "lowest": indicators.lowest(candles, n)}


INDICATORS = [
    Indicator("sma", "SMA", f"{_OF}:sma", {"n": 20}),
    Indicator("ema", "EMA", f"{_OF}:ema", {"n": 20}, memory=_FADES),
    Indicator("bollinger", "Bollinger", f"{__name__}:bollinger", {"n": 20, "width": 2.0}),
    Indicator("channel", "High and low", f"{__name__}:channel", {"n": 20}),
    Indicator("rsi", "RSI", f"{_OF}:rsi", {"n": 14}, below=True, levels=(30, 70), memory=_FADES_AS_WILDERS),
    Indicator("atr", "ATR", f"{_OF}:atr", {"n": 14}, below=True, memory=_FADES_AS_WILDERS),
    Indicator("std", "Standard deviation", f"{_OF}:std", {"n": 20}, below=True),
    Indicator("noise", "Noise ratio", f"{_OF}:noise", {"n": 20}, below=True),
]
