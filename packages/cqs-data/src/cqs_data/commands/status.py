"""`cqs data status`: what the lake has."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from cqs_core import Lake, Series, plugins
from cqs_core.cli import command_options, emit, open_bucket, say, table_lines, width_of
from cqs_core.files import safe
from cqs_core.time import clock, intervals
from cqs_core.time.clock import iso_or_none
from cqs_data.availability import stale_bars
from cqs_data.commands.series_arguments import NO_SERIES, by_length, chosen_series, series_options

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqs_core import SeriesStatus

_TITLES = ("Series", "First (UTC)", "Last (UTC)", "Candles", "Missing", "Behind", "Source")
_RIGHT = [False, False, False, True, True, True, False]


@click.command("status")
@series_options
@command_options
def status(exchange: str | None, symbols: str | None, interval: str | None, bucket: str | None, as_json: bool) -> None:
    """Print range, candles and missing bars of each series."""
    lake = Lake(open_bucket(bucket))
    filtered = (exchange, symbols, interval) != (None, None, None)
    show_status(lake, as_json, chosen_series(lake, exchange, symbols, interval) if filtered else None)


def show_status(lake: Lake, as_json: bool, series: Collection[Series] | None = None) -> None:
    """Print it, of all series or some; gaps are missing bars, stale the closed bars after the last candle."""
    inventory = lake.inventory()
    found = [one for one in inventory.series if series is None or one.series in series]
    found.sort(key=lambda one: by_length(one.series))
    now = clock.now()
    emit([_row(one, now) for one in found], as_json, lambda: _table(found, now))
    if inventory.unknown:
        count, first = len(inventory.unknown), inventory.unknown[0]
        some = f"{count:,} objects of the lake have names" if count > 1 else "1 object of the lake has a name"
        fact = f"{some} that cqs does not know, and {'are' if count > 1 else 'is'} not read"
        click.echo(f"cqs: {fact}, such as {safe(repr(first))}; rename or remove it", err=True)


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
        "problem": one.problem or None,
    }


def _history(one: SeriesStatus) -> int | None:
    """Candles that the exchange gives at most, counted back from now; None where it gives all, or is not known."""
    kind = plugins().exchanges().get(one.series.exchange)
    return kind.history if kind else None


def _table(found: Sequence[SeriesStatus], now: int) -> None:
    if not found:
        click.echo(NO_SERIES)
        return
    rows = [_cells(one, now) for one in found]
    lines = table_lines(_TITLES, _RIGHT, rows)
    if sys.stdout.isatty() and max(map(width_of, lines)) > shutil.get_terminal_size().columns:
        lines = table_lines(_TITLES[:-1], _RIGHT[:-1], [row[:-1] for row in rows])
    say([*lines, *(f"{one.series}: counted by names alone, {one.problem}" for one in found if one.problem)])
    for name, last in sorted({(one.series.exchange, _history(one)) for one in found}, key=str):
        if last:
            click.echo(f"{name} gives only its last {last:,} candles of an interval: update it before they pass")


def _cells(one: SeriesStatus, now: int) -> list[str]:
    numbers = (f"{n:,}" for n in (one.rows, one.gaps, stale_bars(one, now)))
    bounds = (_moment(at, one.series.interval) for at in (one.first, one.last))
    return [str(one.series), *bounds, *numbers, ", ".join(one.sources)]


def _moment(at: int | None, interval: str) -> str:
    """The date alone for bars of a day or longer."""
    text = (iso_or_none(at) or "-")[:16].replace("T", " ")
    return text[:10] if intervals.length(interval) >= intervals.DAY else text
