"""Market impact by bt's own square-root law, on top of the fee: an option of this engine alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_backtest.engines.bt.library import bt

if TYPE_CHECKING:
    from cqs_core import Candles

_BARS = 20
_STEPS = 60


class FeeAndImpact(bt.core.CostModel):  # type: ignore[misc]
    """Cost of a trade: the fee, and 2/3 x Y x volatility x sqrt(quantity / volume) of its value (Toth et al. 2011).

    Args:
        fee: fraction of the value.
        coefficient: Y, typically 0.5 to 1.
    """

    def __init__(self, fee: float, coefficient: float) -> None:
        self.fee, self._law = fee, bt.core.SqrtCostModel(Y=coefficient)

    def cost(self, q: float, p: float, V: float, sigma: float) -> float:  # noqa: N803 - bt's names
        """Quote currency; no impact where volume or volatility is unknown or zero."""
        return float(abs(q) * p * self.fee + self._law.cost(q, p, V, sigma))

    def affordable(self, budget: float, p: float, V: float, sigma: float) -> float:  # noqa: N803 - as above
        """The quantity that a budget buys, costs included: Newton's steps from above, where the cost is convex."""
        quantity = budget / (p * (1 + self.fee))
        for _ in range(_STEPS):
            impact = self._law.cost(quantity, p, V, sigma)
            slope = p * (1 + self.fee) + 1.5 * impact / quantity
            over = quantity * p * (1 + self.fee) + impact - budget
            if over <= 1e-12 * budget:
                break
            quantity -= over / slope
        return quantity


class Impact:
    """The model on the bars of one run."""

    def __init__(self, candles: Candles, fee: float, coefficient: float) -> None:
        self.model = FeeAndImpact(fee, coefficient)
        self.volume, self.volatility = volumes(candles), volatilities(candles)

    def cost(self, t: int, s: int, quantity: float, price: float) -> float:
        """The cost of one fill."""
        return self.model.cost(quantity, price, self.volume[t, s], self.volatility[t, s])

    def affordable(self, t: int, s: int, budget: float, price: float) -> float:
        """How much a budget buys in one bar."""
        return self.model.affordable(budget, price, self.volume[t, s], self.volatility[t, s])


def volumes(candles: Candles) -> npt.NDArray[np.float64]:
    """(T, S): volume of each bar, 0 where it is missing."""
    return np.nan_to_num(candles.volume)


def volatilities(candles: Candles) -> npt.NDArray[np.float64]:
    """(T, S): standard deviation of the last 20 closed bars' returns, known at the open; 0 where there are fewer."""
    known = np.zeros(candles.shape)
    for s in range(candles.shape[1]):
        own = np.flatnonzero(candles.present[:, s])
        change = np.diff(np.log(candles.close[own, s]))
        if len(change) > _BARS:
            spread = np.lib.stride_tricks.sliding_window_view(change, _BARS).std(axis=1, ddof=1)
            known[own[_BARS + 1 :], s] = spread[:-1]
    return known
