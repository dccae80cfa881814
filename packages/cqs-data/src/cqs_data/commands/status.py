"""`cqs data status`: what the lake has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cqs_core import Lake, plugins, times
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.times import iso_or_none
from cqs_data.availability import stale_bars

if TYPE_CHECKING:
    from cqs_core import SeriesStatus


@click.command("status")
@command_options
def status(bucket: str | None, as_json: bool) -> None:
    """Print range, rows and missing bars of every series."""
    show_status(Lake(open_bucket(bucket)), as_json)


def show_status(lake: Lake, as_json: bool) -> None:
    """Print it; gaps are missing bars, stale the closed bars after the last candle."""
    found = lake.status()
    now = times.now()
    emit([_row(one, now) for one in found], as_json, lambda: _table(found, now))


def _row(one: SeriesStatus, now: int) -> dict[str, Any]:
    return {
        **one.series._asdict(),
        "first": iso_or_none(one.first),
        "last": iso_or_none(one.last),
        "rows": one.rows,
        "gaps": one.gaps,
        "stale": stale_bars(one, now),
        "bytes": one.bytes,
        "objects": one.objects,
        "sources": ",".join(one.sources),
        "history": _history(one),
    }


def _history(one: SeriesStatus) -> int | None:
    """Candles that the exchange gives at most, counted back from now; None where it gives all, or is not known."""
    kind = plugins().exchanges().get(one.series.exchange)
    return kind.history if kind else None


def _table(found: Sequence[SeriesStatus], now: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        click.echo("the lake is empty; fill it with `cqs fetch --symbols BTC --interval 1d`")
        return
    shown = Table(box=None, pad_edge=False)
    for title in ("Series", "First", "Last", "Rows", "Gaps", "Stale", "Source"):
        shown.add_column(title, justify="right" if title in {"Rows", "Gaps", "Stale"} else "left", no_wrap=True)
    for one in found:
        bounds = [(iso_or_none(at) or "-")[:16].replace("T", " ") for at in (one.first, one.last)]
        numbers = (f"{n:,}" for n in (one.rows, one.gaps, stale_bars(one, now)))
        shown.add_row(escape(str(one.series)), *bounds, *numbers, ", ".join(one.sources))
    Console().print(shown)
    for name, last in sorted({(one.series.exchange, _history(one)) for one in found}, key=str):
        if last:
            click.echo(f"{name} gives only its last {last:,} candles of an interval: update it before they pass")
