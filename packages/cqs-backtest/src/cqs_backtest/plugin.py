"""The plugin of cqs-backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import DemoStep, Engine, SqlTable, Strategy


@hookimpl
def register_strategies() -> Sequence[type[Strategy]]:
    """The built-in ones."""
    from cqs_backtest.strategies import STRATEGIES

    return list(STRATEGIES.values())


@hookimpl
def register_engines() -> Sequence[Engine]:
    """The fast one and the reference; their libraries are imported when they execute."""
    from cqs_backtest.engines.bt.engine import BtEngine
    from cqs_backtest.engines.fast.engine import FastEngine

    return [FastEngine(), BtEngine()]


@hookimpl
def register_commands() -> Mapping[str, tuple[str, str]]:
    """`cqs backtest` and `cqs strategies`."""
    return {
        "backtest": ("cqs_backtest.commands:backtest", "Run a strategy on candles of the lake."),
        "strategies": ("cqs_backtest.commands:strategies", "List strategies and their parameters."),
    }


@hookimpl
def register_tables() -> Sequence[SqlTable]:
    """Kept runs, in SQL."""
    from cqs_backtest.runs.kept_tables import TABLES

    return TABLES


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    """A backtest and a small search on the demo's candles."""
    from cqs_backtest.demo import STEPS

    return STEPS


@hookimpl
def register_views() -> Sequence[Any]:
    """The pages Backtest, Runs, Optimize and Validate, where cqs-panel is installed."""
    from cqs_backtest.views import VIEWS

    return VIEWS


@hookimpl
def register_indicators() -> Sequence[Any]:
    """Those of `cqs_backtest.indicators`, for candle charts."""
    from cqs_backtest.views.charted import INDICATORS

    return INDICATORS


@hookimpl
def register_cards() -> Sequence[Any]:
    """The newest run, on the overview."""
    from cqs_backtest.views import CARDS

    return CARDS
