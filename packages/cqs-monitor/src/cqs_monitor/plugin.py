"""The plugin of cqs-monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import AlertChannel, DemoStep, HealthCheck, LogFormat, SqlTable, Variable
    from cqs_monitor.alerts.kind import AlertKind


@hookimpl
def register_commands() -> Mapping[str, tuple[str, str]]:
    return {
        "models": ("cqs_monitor.commands.models:models", "Regime models: list, inspect, trust, evaluate."),
        "monitor": ("cqs_monitor.commands.monitor:monitor", "Show positions, PnL and trades of live bots."),
    }


@hookimpl
def register_log_formats() -> Sequence[LogFormat]:
    from cqs_monitor.logs.bot.format import BOT

    return [BOT]


@hookimpl
def register_alert_kinds() -> Sequence[type[AlertKind]]:
    from cqs_monitor.alerts.kinds import built_in

    return built_in()


@hookimpl
def register_channels() -> Sequence[AlertChannel]:
    from cqs_monitor.alerts.channels import configured

    return configured()


@hookimpl
def register_tables() -> Sequence[SqlTable]:
    from cqs_monitor.monitor_tables import TABLES

    return TABLES


@hookimpl
def register_variables() -> Sequence[Variable]:
    from cqs_core import Variable

    about = "one channel for alerts each: `CQS_ALERT_TELEGRAM=tgram://TOKEN/CHAT`, an Apprise URL; a secret"
    return [Variable("CQS_ALERT_", about, secret=True, many=True)]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    from cqs_core import HealthCheck

    return [
        HealthCheck("bots", "cqs_monitor.health:bots", "age of each log, and the heartbeat"),
        HealthCheck("watcher", "cqs_monitor.health:watcher", "who has the watcher's lease"),
    ]


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    from cqs_monitor.demo.bot import STEP as BOT
    from cqs_monitor.demo.step import STEP as BOTS
    from cqs_monitor.demo.training import STEP as MODELS

    return [BOTS, MODELS, BOT]


@hookimpl
def register_views() -> Sequence[Any]:
    from cqs_monitor.views import VIEWS

    return VIEWS


@hookimpl
def register_cards() -> Sequence[Any]:
    from cqs_monitor.views import CARDS

    return CARDS


@hookimpl
def register_overlays() -> Sequence[Any]:
    from cqs_monitor.views import OVERLAYS

    return OVERLAYS
