"""Buy and hold: the benchmark of every other strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core import Orders, Strategy

if TYPE_CHECKING:
    from cqs_core import Candles


class BuyAndHold(Strategy):
    """Buy each symbol at its first open with an equal share of equity, and keep it.

    A symbol that is listed later is bought then, as far as cash allows.
    """

    id = "buy_and_hold"
    title = "Buy and hold"

    def orders(self, candles: Candles) -> Orders:
        """An entry in every bar: it acts while the symbol is not held, which is once."""
        return Orders(enter=np.ones((1, 1), np.bool_), weight=1 / candles.shape[1])
