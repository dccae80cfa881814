"""`cqs plugins`: what is installed, and what failed; `disable` and `enable` work without loading any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli.options import emit, machine_options
from cqs_core.cli.table import print_table, say
from cqs_core.host import disabled
from cqs_core.host.plugin_problem import NEEDS_DASHBOARD
from cqs_core.host.plugin_registry import plugins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.group("plugins", invoke_without_command=True)
@machine_options
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List installed plugins with version, hooks and state; `cqs plugins disable NAME` leaves one out."""
    if ctx.invoked_subcommand is not None:
        return
    rows = plugins().describe()

    emit(rows, as_json, lambda: _print(rows))


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    hooks = [", ".join(name.removeprefix("register_") for name in row["hooks"]) for row in rows]
    cells = [[row["name"], row["version"], given, row["state"]] for row, given in zip(rows, hooks, strict=True)]
    print_table(
        ["Plugin", "Version", "Hooks", "State"],
        [False] * 4,
        cells,
        lambda row, column: _color(rows[row]["state"]) if column == 3 else "",
    )


def _color(state: str) -> str:
    if state == "ok":
        return "green"
    return "yellow" if state == NEEDS_DASHBOARD or state.startswith("disabled") else "red"


@command.command("disable")
@click.argument("name")
@machine_options
def disable(name: str, as_json: bool) -> None:
    """Leave plugin NAME out from now on; CQS_DISABLE=NAME does so for one command."""
    disabled.disable(name)
    emit({"name": name, "disabled": True}, as_json, lambda: say([f"{name} is disabled"]))


@command.command("enable")
@click.argument("name")
@machine_options
def enable(name: str, as_json: bool) -> None:
    """Load plugin NAME again."""
    disabled.enable(name)
    emit({"name": name, "disabled": False}, as_json, lambda: say([f"{name} is enabled"]))
