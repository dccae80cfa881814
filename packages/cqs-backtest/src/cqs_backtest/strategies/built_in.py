"""All built-in strategies by id, in the order in which they are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_backtest.strategies.buy_and_hold import BuyAndHold
from cqs_backtest.strategies.mean_reversion import MeanReversion
from cqs_backtest.strategies.momentum import Momentum
from cqs_backtest.strategies.opening_range_breakout import OpeningRangeBreakout
from cqs_backtest.strategies.volatility_breakout import VolatilityBreakout

if TYPE_CHECKING:
    from cqs_core import Strategy

STRATEGIES: dict[str, type[Strategy]] = {
    strategy.id: strategy
    for strategy in (VolatilityBreakout, Momentum, MeanReversion, OpeningRangeBreakout, BuyAndHold)
}
