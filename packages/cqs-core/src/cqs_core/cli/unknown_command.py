"""The message for a command that does not exist: which package has it, and why that is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.errors import UnknownName, UsageError
from cqs_core.host.disabled import installed
from cqs_core.host.plugin_registry import plugins

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = {
    "data": ("data", "exchanges", "fetch", "sandbox", "sql", "update"),
    "backtest": ("backtest", "strategies"),
    "monitor": ("models", "monitor"),
    "panel": ("app", "serve", "users"),
}
"""Commands of our own packages by their plugins' names; a test compares them with what the packages register."""


def unknown_command(name: str, known: Iterable[str]) -> UsageError:
    """The error about a command that no loaded package has."""
    plugin = next((plugin for plugin, names in COMMANDS.items() if name in names), "")
    if plugin:
        return UsageError(f"command {name!r} is part of cqs-{plugin}, which is not {_why(plugin)}")
    return UnknownName("command", name, known, _failures())


def _why(plugin: str) -> str:
    state = {row["name"]: row["state"] for row in plugins().describe()}.get(plugin)
    if state is None:
        return f"installed here; install it with `uv add cqs-{plugin}` or `pip install cqs-{plugin}`"
    return f"loaded ({state})"


def _failures() -> str:
    """The plugins that failed to load, each with its reason: the command may be one of theirs."""
    found = {problem.plugin: problem.error for problem in reversed(plugins().problems)}
    packages = installed()
    return "; ".join(f"{packages.get(name, name)} failed to load: {error}" for name, error in sorted(found.items()))
