"""`cqs sql`: one SELECT over candles, runs and bots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cqs_core import Lake
from cqs_core.cli import Table, ascii_only, command_options, emit_array, open_bucket, say, stoppable

if TYPE_CHECKING:
    import pyarrow as pa


@click.command("sql")
@click.argument("query")
@command_options
def command(query: str, bucket: str | None, as_json: bool) -> None:
    """Run one SELECT, PIVOT, DESCRIBE or SHOW; read-only.

    `candles` has exchange, market, interval, ts, open, high, low, close and volume. `show tables` lists the others, as
    `runs` and `bot_trades`; `describe runs` has their columns.
    """
    from cqs_data.commands.json_rows import json_rows

    with stoppable():
        table = Lake(open_bucket(bucket)).sql(query)
        if as_json:
            emit_array(json_rows(table, ascii_only=ascii_only()))
        else:
            _print(table)


def _print(table: pa.Table) -> None:
    """Print it while it is converted: a reader such as `head` may want only the first rows."""
    from cqs_core.lake import texts

    shown = Table(table.column_names, [_is_number(kind) for kind in table.schema.types])
    if not len(table):
        say(shown.lines([[] for _ in table.column_names]))
    for batch in texts(table):
        say(shown.lines([["-" if text is None else text for text in column.to_pylist()] for column in batch.columns]))


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
