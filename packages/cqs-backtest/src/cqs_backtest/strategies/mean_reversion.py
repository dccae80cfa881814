"""Mean reversion to the middle of Bollinger's bands.

Bands after Bollinger, *Bollinger on Bollinger Bands* (2001), with the deviation of the population; the relative
strength index after Wilder, *New Concepts in Technical Trading Systems* (1978).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import param

from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy

if TYPE_CHECKING:
    from cqs_core import Candles


class MeanReversion(Strategy):
    """Buy at the open after a close below the lower band with a low RSI; leave above the middle band or on a high RSI.

    Each symbol has an equal share of equity.
    """

    id = "mean_reversion"
    title = "Mean reversion"

    window = param.Integer(20, bounds=(5, 100), step=1, doc="Bars of the bands")
    width = param.Number(2.0, bounds=(0.5, 4.0), step=0.1, doc="Standard deviations from the middle to the lower band")
    rsi = param.Integer(14, bounds=(2, 50), step=1, doc="Bars of the relative strength index")
    low = param.Number(30.0, bounds=(1.0, 50.0), step=1.0, doc="Enter only while the RSI is below")
    high = param.Number(70.0, bounds=(50.0, 99.0), step=1.0, doc="Leave when the RSI is above")

    def warmup(self) -> int:
        """Both indicators."""
        return max(self.window, self.rsi + 1)

    def orders(self, candles: Candles) -> Orders:
        """Market orders at the open."""
        close = ind.previous(candles, "close")
        middle, spread = ind.sma(candles, self.window), ind.std(candles, self.window)
        strength = ind.rsi(candles, self.rsi)
        leave = (close > middle) | (strength > self.high)
        enter = (close < middle - self.width * spread) & (strength < self.low)
        return Orders(exit=leave, enter=enter & ~leave, weight=1 / candles.shape[1])
