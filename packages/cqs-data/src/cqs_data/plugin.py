"""What cqs-data gives: exchanges, commands, its steps of the demo, its view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import hookimpl

if TYPE_CHECKING:
    from cqs_core import DemoStep, Exchange


@hookimpl
def register_exchanges() -> list[type[Exchange]]:
    from cqs_data.exchanges import Binance, Upbit

    return [Binance, Upbit]


@hookimpl
def register_commands() -> dict[str, tuple[str, str]]:
    return {
        "fetch": (
            "cqs_data.commands.fetch:command",
            "Download candles into the lake; what is there is not asked again.",
        ),
        "data": ("cqs_data.commands.data:command", "Look at, import and publish candles of the lake."),
        "sandbox": ("cqs_data.commands.sandbox:command", "Serve a sandbox exchange on this machine."),
    }


@hookimpl
def register_demo() -> list[DemoStep]:
    from cqs_data.demo import STEPS

    return STEPS
