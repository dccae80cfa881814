"""The built-in strategies, imported on use; `STRATEGIES` has them by id."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_backtest.strategies.buy_and_hold import BuyAndHold
    from cqs_backtest.strategies.mean_reversion import MeanReversion
    from cqs_backtest.strategies.momentum import Momentum
    from cqs_backtest.strategies.opening_range_breakout import OpeningRangeBreakout
    from cqs_backtest.strategies.volatility_breakout import VolatilityBreakout
    from cqs_core import Strategy

    STRATEGIES: dict[str, type[Strategy]]

_CLASSES = {
    "volatility_breakout": "VolatilityBreakout",
    "momentum": "Momentum",
    "mean_reversion": "MeanReversion",
    "opening_range_breakout": "OpeningRangeBreakout",
    "buy_and_hold": "BuyAndHold",
}
_MODULES = {name: module for module, name in _CLASSES.items()}

__all__ = ["STRATEGIES", "BuyAndHold", "MeanReversion", "Momentum", "OpeningRangeBreakout", "VolatilityBreakout"]


def __getattr__(name: str) -> Any:
    if name == "STRATEGIES":
        value: Any = {module: __getattr__(class_) for module, class_ in _CLASSES.items()}
    elif name in _MODULES:
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
