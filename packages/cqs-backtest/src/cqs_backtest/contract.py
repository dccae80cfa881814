"""The names for writing a strategy; the contract itself is in cqs-core."""

from cqs_core import Candles, Costs, Orders, Strategy
from cqs_core.trading import Feature

__all__ = ["Candles", "Costs", "Feature", "Orders", "Strategy"]
