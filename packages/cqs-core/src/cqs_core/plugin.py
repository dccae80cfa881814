"""The plugin of core itself: its commands."""

from __future__ import annotations

from cqs_core.host.hookspecs import hookimpl


@hookimpl
def register_commands() -> dict[str, tuple[str, str]]:
    return {
        "plugins": ("cqs_core.cli.plugins:command", "List installed plugins with version, hooks and state."),
        "jobs": ("cqs_core.cli.jobs:command", "List, show and cancel long work."),
        "demo": ("cqs_core.cli.demo:command", "Show all of cqs on synthetic candles: no account, no network."),
    }
