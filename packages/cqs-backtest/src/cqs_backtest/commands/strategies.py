"""`cqs strategies`."""

from __future__ import annotations

import click

from cqs_core import plugins
from cqs_core.cli import command_options, emit


@click.command("strategies")
@command_options
def strategies(bucket: str | None, as_json: bool) -> None:
    """List the strategies that are installed, with their parameters."""
    from cqs_backtest.catalogue import catalogue

    rows = catalogue(plugins().strategies().values())

    def table() -> None:
        for row in rows:
            click.secho(row["name"], bold=True)
            click.echo(f"  {row['doc'].splitlines()[0]}")
            for parameter in row["parameters"]:
                setting = f"  --set {parameter['name']}={parameter['default']}"
                click.echo(f"{setting}  {parameter['doc']}; {parameter['takes']}")

    emit(rows, as_json, table)
