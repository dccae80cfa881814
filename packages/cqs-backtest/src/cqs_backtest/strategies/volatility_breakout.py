"""Volatility breakout with a market filter, as the live bot trades it ("VBO V1.1").

After Larry Williams, *Long-Term Secrets to Short-Term Trading* (1999): buy when the price has risen above the open by a
share of the previous bar's range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import param

from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Candles
    from cqs_core.trading import Array

_FREE_CASH = 0.99  # the live bot keeps a hundredth of its cash for fees


class VolatilityBreakout(Strategy):
    """Buy at open + noise_ratio x previous range while BTC is above its average; leave when the close falls to its own.

    A day whose exit signal holds takes no entry, nor does one that opens `late_entry_pct` above the target. Each
    symbol has an equal share of equity.
    """

    id = "volatility_breakout"
    title = "Volatility breakout"

    noise_ratio = param.Number(0.5, bounds=(0.1, 0.9), step=0.05, doc="Share of the previous range above the open")
    btc_ma = param.Integer(
        20, bounds=(5, 50), step=1, doc="Enter only while BTC closed above its average of this many bars"
    )
    ma_short = param.Integer(5, bounds=(3, 20), step=1, doc="Leave when a close is at or below the EMA of this span")
    late_entry_pct = param.Number(
        1.0, bounds=(0.0, 100.0), step=0.1, doc="No entry when the open is so far above, in %"
    )
    exit_at: param.Selector[Any] = param.Selector(
        default="signal",
        objects=["signal", "next_open"],
        doc="Exit by the EMA, or at the next open (the classic version)",
    )

    def references(self, markets: Sequence[str]) -> Sequence[str]:
        """BTC in the quote of each market."""
        return tuple(dict.fromkeys(_bitcoin(market) for market in markets))

    def warmup(self) -> int:
        """Candles of a symbol, and of BTC, without which there is no order."""
        return max(self.ma_short, self.btc_ma)

    def orders(self, candles: Candles) -> Orders:
        """Entries at a stop above the open, exits at the open; see the class."""
        stop = ind.computed(candles, _stop, self.noise_ratio)
        enter = ind.computed(candles, _in_time, self.noise_ratio, self.late_entry_pct)
        enter = enter & ind.computed(candles, _risk_on, self.btc_ma, self.warmup())
        leave: Any = True
        if self.exit_at == "signal":
            leave = ind.computed(candles, _leave, self.ma_short)
            enter &= ~leave
        return Orders(exit=leave, enter=enter, stop=stop, weight=1 / candles.shape[1], max_cash=_FREE_CASH)


def _stop(candles: Candles, noise_ratio: float) -> Array:
    return np.asarray(candles.open + noise_ratio * (ind.previous(candles, "high") - ind.previous(candles, "low")))


def _in_time(candles: Candles, noise_ratio: float, late_entry_pct: float) -> Array:
    return np.asarray(candles.open <= ind.computed(candles, _stop, noise_ratio) * (1 + late_entry_pct / 100))


def _leave(candles: Candles, bars: int) -> Array:
    return np.asarray(ind.previous(candles, "close") <= ind.ema(candles, bars))


def _risk_on(candles: Candles, bars: int, warmup: int) -> Array:
    """(T, S): whether BTC in the symbol's quote closed above its average, and warm-up is over."""
    columns = []
    for market in candles.symbols:
        bitcoin = candles.reference(_bitcoin(market))
        columns.append(ind.previous(bitcoin, "close")[:, 0] > ind.sma(bitcoin, bars)[:, 0])
    return np.column_stack(columns) & (ind.closed(candles) >= warmup)


def _bitcoin(market: str) -> str:
    return f"BTC/{market.partition('/')[2]}"
