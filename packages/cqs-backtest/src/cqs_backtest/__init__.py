"""Backtests that can be checked: strategies, engines that agree, metrics and runs.

Names are imported on use, so that `import cqs_backtest` loads neither pandas nor numba nor bt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_backtest.facade import BacktestFacade

_HOME = {"BacktestFacade": "facade"}

__all__ = ["BacktestFacade"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cqs_backtest' has no attribute {name!r}")
    value = getattr(import_module(f"cqs_backtest.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
