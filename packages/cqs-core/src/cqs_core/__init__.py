"""The contracts of cqs, and what every package stands on: plugins, settings, bucket, lake, jobs, command line.

Names are imported on use, so that `import cqs_core` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.config.variables import Settings, settings
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
    from cqs_core.host.alert_channel import AlertChannel
    from cqs_core.host.candle_format import CandleFormat
    from cqs_core.host.demo import Demo, DemoStep
    from cqs_core.host.exchange import Exchange, Listing, Page
    from cqs_core.host.hookspecs import hookimpl
    from cqs_core.host.registry import Plugins, Problem, plugins
    from cqs_core.jobs.reporting import progress
    from cqs_core.lake import Lake, Series, SeriesStatus
    from cqs_core.time.intervals import INTERVALS, parse_interval
    from cqs_core.trading.candles import FIELDS, Candles
    from cqs_core.trading.engine import REASONS, Engine, Execution, Fill
    from cqs_core.trading.markets import market_of, resolve
    from cqs_core.trading.orders import Costs, Orders
    from cqs_core.trading.result import RunResult, simulate
    from cqs_core.trading.strategy import Strategy

_HOMES = {
    "bucket": ("Bucket",),
    "config.variables": ("Settings", "settings"),
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
    "host.alert_channel": ("AlertChannel",),
    "host.candle_format": ("CandleFormat",),
    "host.demo": ("Demo", "DemoStep"),
    "host.exchange": ("Exchange", "Listing", "Page"),
    "host.hookspecs": ("hookimpl",),
    "host.registry": ("Plugins", "Problem", "plugins"),
    "jobs.reporting": ("progress",),
    "lake": ("Lake", "Series", "SeriesStatus"),
    "time.intervals": ("INTERVALS", "parse_interval"),
    "trading.candles": ("FIELDS", "Candles"),
    "trading.engine": ("REASONS", "Engine", "Execution", "Fill"),
    "trading.markets": ("market_of", "resolve"),
    "trading.orders": ("Costs", "Orders"),
    "trading.result": ("RunResult", "simulate"),
    "trading.strategy": ("Strategy",),
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
