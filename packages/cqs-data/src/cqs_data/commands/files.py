"""`cqs data export` and `publish`: candles out of the lake as files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click

from cqs_core import Lake, Series, UsageError, market_of, parse_interval, plugins, settings
from cqs_core.cli import command_options, emit, open_bucket, say
from cqs_core.files import safe
from cqs_core.time.clock import parse_range
from cqs_data.commands.fetch_report import counted
from cqs_data.commands.series_arguments import NO_SERIES
from cqs_data.fetching.selection import unusual_markets

_LONGEST = 235  # bytes of a file's name: exporting adds 20 to it until the file is whole


def series_of(lake: Lake, exchange: str | None, market: str, interval: str) -> Series:
    """A series by names that users type; names that are not plain are looked up in the lake.

    Raises:
        UsageError: one is wrong.
    """
    now = settings()
    chosen = plugins().exchange(exchange or now.exchange)
    name = parse_interval(interval)
    found = market_of(market, chosen.id, known=unusual_markets(lake, chosen.id, [market]))
    return Series(chosen.id, found, name)


def check_name(file: str) -> None:
    """Whether a file can have this name, whether it is there or not.

    Raises:
        UsageError: it is a folder, too long for the file system, or cannot be read.
    """
    try:
        mode = Path(file).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(f"{file[:60]!r}… is not a file name: {error.strerror}; name another") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{file!r} is a folder; name a file")


@click.command("export")
@click.argument("file", metavar="FILE")
@click.option("--exchange", metavar="ID", help="Default CQS_EXCHANGE.")
@click.option("--market", required=True, metavar="BASE/QUOTE", help="Whose candles to write.")
@click.option("--interval", required=True, help="One that is not stored is put together from shorter candles.")
@click.option("--start", metavar="DATE", help="First open, UTC; all by default.")
@click.option("--end", metavar="DATE", help="Exclusive; a bare date includes its day.")
@command_options
def export_command(
    file: str,
    exchange: str | None,
    market: str,
    interval: str,
    start: str | None,
    end: str | None,
    bucket: str | None,
    as_json: bool,
) -> None:
    """Write candles to FILE, CSV or parquet by its suffix."""
    bounds, name = parse_range(start, end), parse_interval(interval)
    lake = Lake(open_bucket(bucket))
    series = series_of(lake, exchange, market, name)
    check_name(file)
    if len(os.fsencode(Path(file).name)) > _LONGEST:
        raise UsageError(f"{file[:60]!r}… is too long a name; {_LONGEST} bytes are the most")
    rows = lake.export(file, series, *bounds, tell=lambda note: click.echo(safe(note), err=True))
    emit(
        {**series._asdict(), "rows": rows, "file": file}, as_json, lambda: say([f"{counted(rows, 'candle')} in {file}"])
    )


@click.command("publish")
@command_options
def publish_command(bucket: str | None, as_json: bool) -> None:
    """Write plain files of the home market.

    These are data/processed/{BASE}_{interval}.parquet, for intervals of CQS_PUBLISH.
    """
    lake = Lake(open_bucket(bucket, write=True, create=False))
    written = lake.publish()
    lines = [one.note or one.key for one in written]
    emit([one._asdict() for one in written], as_json, lambda: say(lines or [_nothing(lake)]))


def _nothing(lake: Lake) -> str:
    now = settings()
    if not lake.series():
        return NO_SERIES
    wanted = f"{now.exchange} */{now.quote} {','.join(now.publish)}"
    return f"nothing to publish: the lake has no {wanted} (by CQS_EXCHANGE, CQS_QUOTE and CQS_PUBLISH)"
