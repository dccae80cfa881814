"""`cqs plugins`: what is installed, and what failed."""

from __future__ import annotations

import click

from cqs_core.cli.options import emit, machine_options
from cqs_core.plugins import plugins


@click.command("plugins")
@machine_options
def command(as_json: bool) -> None:
    """List installed plugins with version, hooks and state."""
    rows = plugins().describe()

    def table() -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        shown = Table("Plugin", "Version", "Hooks", "State", box=None, pad_edge=False)
        for row in rows:
            hooks = ", ".join(name.removeprefix("register_") for name in row["hooks"])
            color = "green" if row["state"] == "ok" else "red"
            shown.add_row(escape(row["name"]), row["version"], hooks, f"[{color}]{escape(row['state'])}[/]")
        Console().print(shown)

    emit(rows, as_json, table)
