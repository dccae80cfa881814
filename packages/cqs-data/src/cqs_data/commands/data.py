"""`cqs data`: what the lake has, and what goes into it and out of it as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cqs_core import Lake
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.times import iso_or_none
from cqs_data.commands.files import import_command, publish_command

if TYPE_CHECKING:
    from cqs_core import SeriesStatus


@click.group("data")
def command() -> None:
    """Look at the lake, import into it, publish from it."""


@command.command("status")
@command_options
def status(bucket: str | None, as_json: bool) -> None:
    """Print range, rows and missing bars of every series."""
    found = Lake(open_bucket(bucket)).status()
    emit([_row(one) for one in found], as_json, lambda: _table(found))


def _row(one: SeriesStatus) -> dict[str, Any]:
    return {
        **one.series._asdict(),
        "first": iso_or_none(one.first),
        "last": iso_or_none(one.last),
        "rows": one.rows,
        "gaps": one.gaps,
        "bytes": one.bytes,
        "objects": one.objects,
        "sources": ",".join(one.sources),
    }


def _table(found: Sequence[SeriesStatus]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        click.echo("the lake is empty; fill it with `cqs fetch --symbols BTC --interval 1d`")
        return
    shown = Table("Exchange", "Market", "Interval", "First", "Last", "Rows", "Gaps", "Source", box=None, pad_edge=False)
    for column in ("Rows", "Gaps"):
        next(c for c in shown.columns if c.header == column).justify = "right"
    for one in found:
        names = [escape(part) for part in one.series]
        bounds = [(iso_or_none(at) or "-")[:16].replace("T", " ") for at in (one.first, one.last)]
        shown.add_row(*names, *bounds, f"{one.rows:,}", f"{one.gaps:,}", ", ".join(one.sources))
    Console().print(shown)


command.add_command(import_command)
command.add_command(publish_command)
