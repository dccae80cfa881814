"""`cqs data import`, `export` and `publish`: files into the lake and out of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click

from cqs_core import Lake, Series, UsageError, market_of, parse_interval, plugins, settings
from cqs_core.cli import command_options, emit, open_bucket, say
from cqs_core.times import parse_range
from cqs_data.commands.choosing import NO_SERIES
from cqs_data.commands.reporting import counted

_LONGEST = 235  # bytes of a file's name: exporting adds 20 to it until the file is whole


def series_of(exchange: str | None, market: str, interval: str) -> Series:
    """A series by names that users type.

    Raises:
        UsageError: one is wrong.
    """
    now = settings()
    chosen = plugins().exchange(exchange or now.exchange)
    name = parse_interval(interval)
    found = market_of(market, chosen.id)
    return Series(chosen.id, found, name)


def check_name(file: str) -> None:
    """Whether a file can have this name, whether it is there or not.

    Raises:
        UsageError: it is a folder, longer than the file system takes, or cannot be looked at.
    """
    try:
        mode = Path(file).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(f"{file[:60]!r}… is no name of a file: {error.strerror}; name another") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{file!r} is a folder; name a file")


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--exchange", metavar="ID", help="Default CQS_EXCHANGE.")
@click.option("--market", required=True, metavar="BASE/QUOTE", help="Whose candles they are.")
@click.option("--interval", required=True, help="1m, 5m, 15m, 1h, 4h, 1d, 1w or 1M.")
@click.option("--zone", metavar="IANA", help="Of times without offset; UTC, but Asia/Seoul in KRW-BTC_day.parquet.")
@command_options
def import_command(
    file: str, exchange: str | None, market: str, interval: str, zone: str | None, bucket: str | None, as_json: bool
) -> None:
    """Store the candles of a CSV, parquet or feather FILE."""
    series = series_of(exchange, market, interval)
    check_name(file)
    named = _zone(zone) if zone else None
    done = Lake(open_bucket(bucket, write=True)).import_file(file, series, named)
    row = {**series._asdict(), "rows": done.rows, "rejected": done.rejected, "flagged": done.flagged}
    apart = f", {done.rejected:,} rows rejected (see data/quarantine)" if done.rejected else ""
    emit(row, as_json, lambda: click.echo(f"{series}: {counted(done.rows, 'candle')} imported{apart}"))


def _zone(name: str) -> str | None:
    try:
        return settings(timezone=name).timezone
    except UsageError as error:
        raise UsageError(str(error).replace("--timezone", "--zone")) from None


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
    series, bounds = series_of(exchange, market, interval), parse_range(start, end)
    check_name(file)
    if len(os.fsencode(Path(file).name)) > _LONGEST:
        raise UsageError(f"{file[:60]!r}… is too long a name; {_LONGEST} bytes are the most")
    rows = Lake(open_bucket(bucket)).export(file, series, *bounds)
    emit(
        {**series._asdict(), "rows": rows, "file": file}, as_json, lambda: say([f"{counted(rows, 'candle')} in {file}"])
    )


@click.command("publish")
@command_options
def publish_command(bucket: str | None, as_json: bool) -> None:
    """Write the neighbours' files of the home market.

    These are data/processed/{BASE}_{interval}.parquet, for intervals of CQS_PUBLISH.
    """
    lake = Lake(open_bucket(bucket, write=True, create=False))
    keys = lake.publish()
    emit([{"key": key} for key in keys], as_json, lambda: say(keys or [_nothing(lake)]))


def _nothing(lake: Lake) -> str:
    now = settings()
    if not lake.series():
        return NO_SERIES
    wanted = f"{now.exchange} */{now.quote} {','.join(now.publish)}"
    return f"nothing to publish: the lake has no {wanted} (by CQS_EXCHANGE, CQS_QUOTE and CQS_PUBLISH)"
