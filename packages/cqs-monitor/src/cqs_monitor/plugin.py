"""What cqs-monitor adds to cqs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cqs_core import hookimpl

if TYPE_CHECKING:
    from cqs_core import DemoStep


@hookimpl
def register_commands() -> Mapping[str, tuple[str, str]]:
    return {
        "models": ("cqs_monitor.commands.models:models", "Regime models: list, inspect, trust, evaluate."),
        "monitor": ("cqs_monitor.commands.monitor:monitor", "What live bots hold, earn and do."),
    }


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    from cqs_monitor.demo.step import STEP

    return [STEP]
