"""The plugin of cqs-data: exchanges, commands, steps of the demo, and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import hookimpl

if TYPE_CHECKING:
    from cqs_core import DemoStep, Exchange, HealthCheck


@hookimpl
def register_exchanges() -> list[type[Exchange]]:
    from cqs_data.exchanges import REFINED
    from cqs_data.exchanges.exchange_catalog import generic

    return [*REFINED, *generic()]


@hookimpl
def register_commands() -> dict[str, tuple[str, str]]:
    return {
        "fetch": (
            "cqs_data.commands.fetch:command",
            "Download candles into the lake; stored candles are not requested again.",
        ),
        "update": ("cqs_data.commands.update:command", "Download what came since for the series that the lake has."),
        "data": ("cqs_data.commands.data:command", "Inspect and repair the lake, import into it, export from it."),
        "sql": ("cqs_data.commands.sql:command", "Run one SELECT over candles, runs and bots; read-only."),
        "exchanges": ("cqs_data.commands.fetch:exchanges", "List the exchanges that can be downloaded from."),
        "sandbox": ("cqs_data.commands.sandbox:command", "Serve a sandbox exchange on this machine."),
    }


@hookimpl
def register_views() -> list[Any]:
    from cqs_data.views import VIEWS

    return VIEWS


@hookimpl
def register_cards() -> list[Any]:
    from cqs_data.views import CARDS

    return CARDS


@hookimpl
def register_feeds() -> list[Any]:
    from cqs_data.views import FEEDS

    return FEEDS


@hookimpl
def register_health_checks() -> list[HealthCheck]:
    from cqs_core import HealthCheck

    return [HealthCheck("candles", "cqs_data.health:candles", "newest candle of each exchange")]


@hookimpl
def register_demo() -> list[DemoStep]:
    from cqs_data.demo import STEPS

    return STEPS
