"""What a strategy of one's own is written with; the contract itself lives in cqs-core."""

from cqs_core import Candles, Costs, Orders, Strategy

__all__ = ["Candles", "Costs", "Orders", "Strategy"]
