"""Cross-sectional momentum: hold what has risen most.

After Jegadeesh and Titman, *Returns to Buying Winners and Selling Losers*, Journal of Finance 48 (1993); only winners
are held here, and only those that rose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import param

from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy
from cqs_core.time.intervals import length

if TYPE_CHECKING:
    from cqs_core import Candles


class Momentum(Strategy):
    """Hold the `top_n` symbols with the highest positive return of `lookback` bars, in equal weights.

    Weights are set again at the first bar of every `rebalance` bars (counted from 1970, so that the calendar does not
    depend on where candles begin), and left alone between. Where fewer symbols rose, the rest stays cash.
    """

    id = "momentum"
    title = "Momentum"

    top_n = param.Integer(3, bounds=(1, 50), step=1, doc="How many symbols are held")
    lookback = param.Integer(20, bounds=(5, 60), step=1, doc="Bars over which the return is measured")
    rebalance = param.Integer(7, bounds=(1, 90), step=1, doc="Bars from one choice to the next")

    def warmup(self) -> int:
        """The close `lookback` bars before the last one."""
        return self.lookback + 1

    def orders(self, candles: Candles) -> Orders:
        """Targets at the open of each rebalancing bar."""
        ratio = ind.previous(candles, "close") / ind.previous(candles, "close", self.lookback + 1)
        score = np.where(candles.present & (ratio > 1), -ratio, np.inf)  # only what trades in this bar can be bought
        rank = np.argsort(np.argsort(score, axis=1, kind="stable"), axis=1)
        chosen = (rank < self.top_n) & np.isfinite(score)
        target = np.where(chosen, 1 / min(self.top_n, candles.shape[1]), 0.0)
        target[~self._rebalancing(candles)] = np.nan
        return Orders(target=target)

    def _rebalancing(self, candles: Candles) -> npt.NDArray[np.bool_]:
        """(T,): the first row of each period."""
        period = candles.ts // (length(candles.interval) * self.rebalance)
        return np.append(True, period[1:] != period[:-1])
