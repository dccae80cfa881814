"""The sandbox exchange: a loopback server that speaks the public API of real exchanges out of candles that you give it.

    with Sandbox(Folder(Path("candles"))) as sandbox:
        Upbit(endpoint=sandbox.url)

Each exchange is served under `/{id}/…` of one port: `/upbit/v1/market/all`, `/binance/api/v3/klines`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_data.sandbox.bars import Bars, Source
    from cqs_data.sandbox.faults import Faults
    from cqs_data.sandbox.folder import Folder
    from cqs_data.sandbox.habits import Habits, backwards, forwards, window
    from cqs_data.sandbox.server import Dialect, Sandbox
    from cqs_data.sandbox.synthetic import Synthetic

__all__ = [
    "Bars",
    "Dialect",
    "Faults",
    "Folder",
    "Habits",
    "Sandbox",
    "Source",
    "Synthetic",
    "backwards",
    "forwards",
    "window",
]

_HOMES = {
    "Bars": "bars",
    "Dialect": "server",
    "Faults": "faults",
    "Folder": "folder",
    "Habits": "habits",
    "Sandbox": "server",
    "Source": "bars",
    "Synthetic": "synthetic",
    "backwards": "habits",
    "forwards": "habits",
    "window": "habits",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
