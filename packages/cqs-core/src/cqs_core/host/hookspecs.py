"""Every hook of cqs. Hooks return values; the host merges them by name, and a taken name is a reported problem.

Types of the dashboard are strings here: core never imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core.host.alert_channel import AlertChannel
    from cqs_core.host.candle_format import CandleFormat
    from cqs_core.host.demo import DemoStep
    from cqs_core.host.exchange import Exchange
    from cqs_core.host.health import HealthCheck
    from cqs_core.host.log_format import LogFormat
    from cqs_core.host.sql_table import SqlTable
    from cqs_core.host.variable import Variable
    from cqs_core.trading.engine import Engine
    from cqs_core.trading.strategy import Strategy

hookspec = pluggy.HookspecMarker("cqs")
hookimpl = pluggy.HookimplMarker("cqs")


@hookspec
def register_exchanges() -> Sequence[type[Exchange]]:  # type: ignore[empty-body]
    """Called when an exchange is looked up. Returns classes of exchanges to download from."""


@hookspec
def register_strategies() -> Sequence[type[Strategy]]:  # type: ignore[empty-body]
    """Called when a strategy is looked up. Returns classes of strategies to backtest."""


@hookspec
def register_engines() -> Sequence[Engine]:  # type: ignore[empty-body]
    """Called when an engine is looked up. Returns engines that execute orders."""


@hookspec
def register_commands() -> Mapping[str, tuple[str, str]]:  # type: ignore[empty-body]
    """Called at every start of `cqs`. Returns `{name: ("module:attribute", "help")}` of click commands, imported on use."""  # noqa: E501 - as the README has it


@hookspec
def register_views() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when a page is opened. Returns `cqs_panel.View` pages of the dashboard."""


@hookspec
def register_cards() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when the overview is shown. Returns `cqs_panel.Card` figures or tables for it."""


@hookspec
def register_overlays() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when a candle chart is drawn. Returns `cqs_panel.Overlay` layers to draw over candles."""


@hookspec
def register_indicators() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when a candle chart is drawn. Returns `cqs_panel.Indicator` lines that it computes from its candles."""


@hookspec
def register_feeds() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when a candle chart is switched live. Returns `cqs_panel.LiveFeed` feeds of candles that it can follow."""


@hookspec
def register_candle_formats() -> Sequence[CandleFormat]:  # type: ignore[empty-body]
    """Called when a file of candles is imported. Returns formats that it may be in."""


@hookspec
def register_log_formats() -> Sequence[LogFormat]:  # type: ignore[empty-body]
    """Called when logs of bots are read. Returns formats that they may be in."""


@hookspec
def register_alert_kinds() -> Sequence[Any]:  # type: ignore[empty-body]
    """Called when alert rules are read. Returns classes of `cqs_monitor.AlertKind` that a rule may name."""


@hookspec
def register_channels() -> Sequence[AlertChannel]:  # type: ignore[empty-body]
    """Called when an alert is sent. Returns channels that deliver it."""


@hookspec
def register_tables() -> Sequence[SqlTable]:  # type: ignore[empty-body]
    """Called when SQL runs. Returns `cqs_core.SqlTable` tables that the query sees in addition to `candles`."""


@hookspec
def register_variables() -> Sequence[Variable]:  # type: ignore[empty-body]
    """Called by `cqs config`. Returns `cqs_core.Variable` environment variables that the package reads."""


@hookspec
def register_health_checks() -> Sequence[HealthCheck]:  # type: ignore[empty-body]
    """Called by `cqs health`. Returns `cqs_core.HealthCheck` checks that it makes."""


@hookspec
def register_demo() -> Sequence[DemoStep]:  # type: ignore[empty-body]
    """Called by `cqs demo`. Returns the package's steps of it."""
