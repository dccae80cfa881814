"""`cqs sql`: one SELECT over all candles."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from cqs_core import Lake
from cqs_core.cli import command_options, emit, open_bucket


@click.command("sql")
@click.argument("query")
@command_options
def command(query: str, bucket: str | None, as_json: bool) -> None:
    """Run one SELECT over `candles` (exchange, market, interval, ts, open, high, low, close, volume); read-only."""
    table = Lake(open_bucket(bucket)).sql(query)
    rows = [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]
    emit(rows, as_json, lambda: _print(table.column_names, rows))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (dt.datetime, dt.date, dt.time)) else value


def _print(columns: list[str], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(*map(escape, columns), box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*("-" if value is None else escape(str(value)) for value in row.values()))
    Console().print(shown)
