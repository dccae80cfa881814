"""The names for writing a strategy; the contract itself is in cqs-core."""

from cqs_core import Candles, Costs, Orders, Strategy

__all__ = ["Candles", "Costs", "Orders", "Strategy"]
