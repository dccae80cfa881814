"""What cqs-monitor adds to cqs."""

from __future__ import annotations

from collections.abc import Mapping

from cqs_core import hookimpl


@hookimpl
def register_commands() -> Mapping[str, tuple[str, str]]:
    return {"monitor": ("cqs_monitor.commands.monitor:monitor", "What live bots hold, earn and do.")}
