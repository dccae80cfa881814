"""`cqs strategies`."""

from __future__ import annotations

import click

from cqs_core import plugins
from cqs_core.cli import command_options, emit, say


@click.command("strategies")
@command_options
def strategies(bucket: str | None, as_json: bool) -> None:
    """List the strategies that are installed, with their parameters."""
    from cqs_backtest.loading.strategy_catalog import catalog

    rows = catalog(plugins().strategies().values())

    def table() -> None:
        from cqs_core.cli import cell
        from cqs_core.files import SafeConsole

        shown = SafeConsole()
        for row in rows:
            shown.print(cell(row["name"]), style="bold", highlight=False)
            about = (row["doc"] or row["title"]).splitlines()
            say([f"  {line}" for line in about[:1]])
            for parameter in row["parameters"]:
                setting = f"  --set {parameter['name']}={parameter['default']}"
                say([f"{setting}  {'; '.join(filter(None, (parameter['doc'], parameter['takes'])))}"])

    emit(rows, as_json, table)
