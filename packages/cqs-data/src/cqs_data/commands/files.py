"""`cqs data import` and `cqs data publish`: files into the lake and out of it."""

from __future__ import annotations

import click

from cqs_core import Lake, Series, parse_interval, plugins, resolve, settings
from cqs_core.cli import command_options, emit, open_bucket


def series_of(exchange: str | None, market: str, interval: str) -> Series:
    """A series by names that users type.

    Raises:
        UsageError: one is wrong.
    """
    now = settings()
    chosen = plugins().exchange(exchange or now.exchange)
    home = {"home": now.exchange, "home_quote": now.quote}
    name = parse_interval(interval)
    return Series(chosen.id, resolve(market, chosen.id, id_form=chosen.id_form, **home), name)


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--exchange", metavar="ID", help="Default CQS_EXCHANGE.")
@click.option("--market", required=True, metavar="BASE/QUOTE")
@click.option("--interval", required=True)
@click.option("--zone", metavar="IANA", help="Of times without offset; UTC, but Asia/Seoul in KRW-BTC_day.parquet.")
@command_options
def import_command(
    file: str, exchange: str | None, market: str, interval: str, zone: str | None, bucket: str | None, as_json: bool
) -> None:
    """Store the candles of a CSV, parquet or feather FILE."""
    from cqs_core.lake.importing import import_file

    series = series_of(exchange, market, interval)
    done = import_file(Lake(open_bucket(bucket, write=True)), file, series, settings(timezone=zone).timezone if zone else None)
    row = {**series._asdict(), "rows": done.rows, "rejected": done.rejected, "flagged": done.flagged}
    apart = f", {done.rejected:,} rows rejected: see data/quarantine" if done.rejected else ""
    emit(row, as_json, lambda: click.echo(f"{series}: {done.rows:,} candles imported{apart}"))


@click.command("publish")
@command_options
def publish_command(bucket: str | None, as_json: bool) -> None:
    """Write data/processed/{BASE}_{interval}.parquet of the home market, for intervals of CQS_PUBLISH."""
    from cqs_core.lake.publish import at_home, publish

    lake = Lake(open_bucket(bucket, write=True))
    keys = publish(lake, at_home(lake.series()))
    emit([{"key": key} for key in keys], as_json, lambda: click.echo("\n".join(keys) or "nothing at home to publish"))
