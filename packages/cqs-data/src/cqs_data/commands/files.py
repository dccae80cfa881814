"""`cqs data import`, `export` and `publish`: files into the lake and out of it."""

from __future__ import annotations

import click

from cqs_core import Lake, Series, parse_interval, plugins, resolve, settings
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.times import parse_range


def series_of(exchange: str | None, market: str, interval: str) -> Series:
    """A series by names that users type.

    Raises:
        UsageError: one is wrong.
    """
    now = settings()
    chosen = plugins().exchange(exchange or now.exchange)
    name = parse_interval(interval)
    found = resolve(market, chosen.id, id_form=chosen.id_form, home=now.exchange, home_quote=now.quote)
    return Series(chosen.id, found, name)


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
    named = settings(timezone=zone).timezone if zone else None
    done = Lake(open_bucket(bucket, write=True)).import_file(file, series, named)
    row = {**series._asdict(), "rows": done.rows, "rejected": done.rejected, "flagged": done.flagged}
    apart = f", {done.rejected:,} rows rejected (see data/quarantine)" if done.rejected else ""
    emit(row, as_json, lambda: click.echo(f"{series}: {done.rows:,} candles imported{apart}"))


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
    rows = Lake(open_bucket(bucket)).export(file, series, *bounds)
    emit({**series._asdict(), "rows": rows, "file": file}, as_json, lambda: click.echo(f"{rows:,} candles in {file}"))


@click.command("publish")
@command_options
def publish_command(bucket: str | None, as_json: bool) -> None:
    """Write data/processed/{BASE}_{interval}.parquet of the home market, for intervals of CQS_PUBLISH."""
    keys = Lake(open_bucket(bucket, write=True)).publish()
    emit([{"key": key} for key in keys], as_json, lambda: click.echo("\n".join(keys) or "nothing at home to publish"))
