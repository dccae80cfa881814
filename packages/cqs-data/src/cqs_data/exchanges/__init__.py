"""Exchanges to download from: those refined here, and every other that ccxt knows, by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_data.exchanges.binance import Binance
    from cqs_data.exchanges.unified import CcxtExchange
    from cqs_data.exchanges.upbit import Upbit

__all__ = ["Binance", "CcxtExchange", "Upbit"]

_HOMES = {"Binance": "binance", "CcxtExchange": "unified", "Upbit": "upbit"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
