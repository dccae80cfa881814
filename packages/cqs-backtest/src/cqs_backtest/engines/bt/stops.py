"""Protective stops of an open position of the bt engine."""

from __future__ import annotations

import math

from cqs_core import REASONS

SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING, REBALANCE, END = range(len(REASONS))


class Stops:
    """Protective levels of one position, latched when it was opened.

    `inside` is `stop` or `limit` in the bar of an entry that happened inside the bar, else empty. `leaving` is the
    reason of an exit for which a bar's volume was too small, and which goes on at the next opens.
    """

    take_profit = TAKE_PROFIT

    def __init__(self, entry: float, stop_loss: float, take_profit: float, trailing: float, inside: str) -> None:
        self.floor = -math.inf if math.isnan(stop_loss) else entry * (1 - stop_loss)
        self.ceiling = math.inf if math.isnan(take_profit) else entry * (1 + take_profit)
        self.trailing, self.peak, self.inside = trailing, entry, inside
        self.leaving: int | None = None

    def level(self) -> tuple[float, int]:
        """The price that ends the position from above, and why."""
        trail = self.peak * (1 - self.trailing)  # NaN without a trailing stop, and then never the higher one
        return (trail, TRAILING) if trail > self.floor else (self.floor, STOP_LOSS)

    def hit(self, open_: float, high: float, low: float, close: float) -> tuple[float, int] | None:
        """Price and reason of an exit inside this bar; where both sides are hit, the stop."""
        level, why = self.level()
        unsure = self.inside and level > open_  # the low may have come before the entry
        if low <= level and (not unsure or close <= level):
            return level, why
        if high >= self.ceiling and self.inside != "limit":
            return self.ceiling, TAKE_PROFIT
        return None

    def close(self, high: float, close: float) -> None:
        """The bar is over."""
        self.peak = max(self.peak, close if self.inside == "limit" else high)
        self.inside = ""
