"""What cqs-monitor adds to cqs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cqs_core import hookimpl

if TYPE_CHECKING:
    from cqs_core import AlertChannel, DemoStep


@hookimpl
def register_commands() -> Mapping[str, tuple[str, str]]:
    return {
        "models": ("cqs_monitor.commands.models:models", "Regime models: list, inspect, trust, evaluate."),
        "monitor": ("cqs_monitor.commands.monitor:monitor", "What live bots hold, earn and do."),
    }


@hookimpl
def register_channels() -> Sequence[AlertChannel]:
    from cqs_monitor.alerts.channels import configured

    return configured()


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    from cqs_monitor.demo.models import STEP as MODELS
    from cqs_monitor.demo.step import STEP as BOTS

    return [BOTS, MODELS]


@hookimpl
def register_views() -> Sequence[Any]:
    from cqs_monitor.views.alerts import build as build_alerts
    from cqs_monitor.views.compare import build as build_compare
    from cqs_monitor.views.models import build as build_models
    from cqs_monitor.views.monitor import build as build_monitor
    from cqs_panel import View

    return [
        View(slug="monitor", title="Monitor", icon="monitor_heart", order=30, build=build_monitor),
        View(slug="compare", title="Compare", icon="compare_arrows", order=32, build=build_compare),
        View(slug="alerts", title="Alerts", icon="notifications", order=34, build=build_alerts),
        View(slug="models", title="Models", icon="model_training", order=36, build=build_models),
    ]


@hookimpl
def register_cards() -> Sequence[Any]:
    from cqs_monitor.views.overview import build
    from cqs_panel import Card

    return [Card(name="monitor.bots", title="", order=10, build=build, width=12)]


@hookimpl
def register_overlays() -> Sequence[Any]:
    from cqs_monitor.views.overlay import layers
    from cqs_monitor.views.regimes import layers as regimes
    from cqs_panel import Overlay

    return [
        Overlay(name="monitor.trades", title="Bot trades", layers=layers),
        Overlay(name="monitor.regimes", title="Regimes", layers=regimes),
    ]
