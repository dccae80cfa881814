"""`cqs plugins`: what is installed, and what failed; `disable` and `enable` work without loading any."""

from __future__ import annotations

import click

from cqs_core.cli.options import emit, machine_options
from cqs_core.cli.table import say
from cqs_core.host import disabled
from cqs_core.host.plugin_registry import plugins


@click.group("plugins", invoke_without_command=True)
@machine_options
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List installed plugins with version, hooks and state; `cqs plugins disable NAME` leaves one out."""
    if ctx.invoked_subcommand is not None:
        return
    rows = plugins().describe()

    def table() -> None:
        from rich.table import Table

        from cqs_core.cli.table import cell
        from cqs_core.files.console import SafeConsole

        shown = Table("Plugin", "Version", "Hooks", "State", box=None, pad_edge=False)
        for row in rows:
            hooks = ", ".join(name.removeprefix("register_") for name in row["hooks"])
            color = "green" if row["state"] == "ok" else "yellow" if row["state"].startswith("disabled") else "red"
            shown.add_row(cell(row["name"]), cell(row["version"]), hooks, f"[{color}]{cell(row['state'])}[/]")
        SafeConsole().print(shown)

    emit(rows, as_json, table)


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
