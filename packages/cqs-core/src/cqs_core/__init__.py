"""The contracts of cqs, and what every package stands on: plugins, settings, bucket, lake, jobs, command line.

Names are imported on use, so that `import cqs_core` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_core.alerts import AlertChannel
    from cqs_core.bucket import Bucket
    from cqs_core.candle_format import CandleFormat
    from cqs_core.candles import FIELDS, Candles
    from cqs_core.demo import Demo, DemoStep
    from cqs_core.engine import REASONS, Engine, Execution, Fill
    from cqs_core.errors import (
        BucketError,
        BucketUnavailable,
        CqsError,
        DataError,
        ExchangeBusy,
        ExchangeError,
        UnknownName,
        UsageError,
    )
    from cqs_core.exchange import Exchange, Listing, Page
    from cqs_core.hookspecs import hookimpl
    from cqs_core.intervals import INTERVALS, parse_interval
    from cqs_core.lake import Lake, Series, SeriesStatus
    from cqs_core.markets import market_of, resolve
    from cqs_core.orders import Costs, Orders
    from cqs_core.plugins import Plugins, Problem, plugins
    from cqs_core.progress import progress
    from cqs_core.result import RunResult, simulate
    from cqs_core.settings import Settings, settings
    from cqs_core.strategy import Strategy

_HOMES = {
    "alerts": ("AlertChannel",),
    "bucket": ("Bucket",),
    "candle_format": ("CandleFormat",),
    "candles": ("FIELDS", "Candles"),
    "demo": ("Demo", "DemoStep"),
    "engine": ("REASONS", "Engine", "Execution", "Fill"),
    "errors": (
        "BucketError",
        "BucketUnavailable",
        "CqsError",
        "DataError",
        "ExchangeBusy",
        "ExchangeError",
        "UnknownName",
        "UsageError",
    ),
    "exchange": ("Exchange", "Listing", "Page"),
    "hookspecs": ("hookimpl",),
    "intervals": ("INTERVALS", "parse_interval"),
    "lake": ("Lake", "Series", "SeriesStatus"),
    "markets": ("market_of", "resolve"),
    "orders": ("Costs", "Orders"),
    "plugins": ("Plugins", "Problem", "plugins"),
    "progress": ("progress",),
    "result": ("RunResult", "simulate"),
    "settings": ("Settings", "settings"),
    "strategy": ("Strategy",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "FIELDS",
    "INTERVALS",
    "REASONS",
    "AlertChannel",
    "Bucket",
    "BucketError",
    "BucketUnavailable",
    "CandleFormat",
    "Candles",
    "Costs",
    "CqsError",
    "DataError",
    "Demo",
    "DemoStep",
    "Engine",
    "Exchange",
    "ExchangeBusy",
    "ExchangeError",
    "Execution",
    "Fill",
    "Lake",
    "Listing",
    "Orders",
    "Page",
    "Plugins",
    "Problem",
    "RunResult",
    "Series",
    "SeriesStatus",
    "Settings",
    "Strategy",
    "UnknownName",
    "UsageError",
    "hookimpl",
    "market_of",
    "parse_interval",
    "plugins",
    "progress",
    "resolve",
    "settings",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cqs_core' has no attribute {name!r}")
    value = getattr(import_module(f"cqs_core.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """`settings`, `plugins`, `progress` name a module and what it holds: here the latter, whoever imported first."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
