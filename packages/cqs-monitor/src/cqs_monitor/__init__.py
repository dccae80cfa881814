"""What live bots hold, earn and do: their logs read, checked and compared with backtests.

Everything comes from files in the bucket; it is read only, and nothing trades.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_monitor.logs.history import Logs
    from cqs_monitor.performance.frames import get_bot_logs

__all__ = ["Logs", "get_bot_logs"]

_HOMES = {"Logs": "cqs_monitor.logs.history", "get_bot_logs": "cqs_monitor.performance.frames"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
