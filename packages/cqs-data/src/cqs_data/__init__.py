"""Candles of crypto exchanges: fetched once, kept in the lake, read as DataFrames.

from cqs_data import OHLCVFetcher, load_processed_data
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_data.fetcher import OHLCVFetcher
    from cqs_data.fetching import Fetched, Selection, fetch, repair, select, update
    from cqs_data.processed import load_processed_data
    from cqs_data.sandbox import Folder, Sandbox, Synthetic

_HOMES = {
    "Fetched": "fetching",
    "Folder": "sandbox",
    "OHLCVFetcher": "fetcher",
    "Sandbox": "sandbox",
    "Selection": "fetching",
    "Synthetic": "sandbox",
    "fetch": "fetching",
    "load_processed_data": "processed",
    "repair": "fetching",
    "select": "fetching",
    "update": "fetching",
}

__all__ = [
    "Fetched",
    "Folder",
    "OHLCVFetcher",
    "Sandbox",
    "Selection",
    "Synthetic",
    "fetch",
    "load_processed_data",
    "repair",
    "select",
    "update",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cqs_data' has no attribute {name!r}")
    value = getattr(import_module(f"cqs_data.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
