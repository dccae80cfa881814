"""Opening-range breakout scaled by true range, in quiet markets only.

After Crabel, *Day Trading with Short Term Price Patterns and Opening Range Breakout* (1990); noise is one less
Kaufman's efficiency of each bar, the true range is Wilder's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import param

from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy

if TYPE_CHECKING:
    from cqs_core import Candles


class OpeningRangeBreakout(Strategy):
    """Buy at open + k x ATR when noise is low and the open is above its average; a trailing stop takes it out.

    The trailing stop lies `trail` average true ranges, as they were at the entry, below the highest price since. Each
    symbol has an equal share of equity.
    """

    id = "opening_range_breakout"
    title = "Opening-range breakout"

    k = param.Number(0.5, bounds=(0.1, 3.0), step=0.1, doc="Average true ranges above the open")
    atr = param.Integer(14, bounds=(2, 50), step=1, doc="Bars of the average true range")
    noise_bars = param.Integer(5, bounds=(1, 50), step=1, doc="Bars over which noise is averaged")
    max_noise = param.Number(0.5, bounds=(0.05, 1.0), step=0.05, doc="Enter only while noise is below")
    sma = param.Integer(20, bounds=(5, 200), step=1, doc="Enter only while the open is above this average")
    trail = param.Number(2.0, bounds=(0.5, 10.0), step=0.5, doc="Average true ranges of the trailing stop")

    def warmup(self) -> int:
        """All indicators."""
        return max(self.atr, self.noise_bars, self.sma)

    def orders(self, candles: Candles) -> Orders:
        """Entries at a stop above the open."""
        wide = ind.atr(candles, self.atr)
        stop = candles.open + self.k * wide
        quiet = ind.noise(candles, self.noise_bars) < self.max_noise
        enter = quiet & (candles.open > ind.sma(candles, self.sma)) & ~np.isnan(stop)
        trailing = np.minimum(self.trail * wide / stop, 0.99)
        return Orders(enter=enter, stop=stop, trailing=trailing, weight=1 / candles.shape[1])
