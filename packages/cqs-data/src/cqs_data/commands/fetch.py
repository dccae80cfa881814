"""`cqs fetch`: download what the lake lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cqs_core import Lake, settings
from cqs_core.cli import command_options, emit, open_bucket

if TYPE_CHECKING:
    from cqs_data.fetching import Fetched


@click.command("fetch")
@click.option("--exchange", metavar="ID", help="Any of `cqs exchanges`; default CQS_EXCHANGE.")
@click.option("--symbols", required=True, metavar="A,B", help="BTC, BTC/KRW or KRW-BTC.")
@click.option("--interval", default="1d", show_default=True, metavar="I,J", help="1m 5m 15m 1h 4h 1d 1w 1M.")
@click.option("--start", metavar="DATE", help="First candle, UTC; default the exchange's first.")
@click.option("--end", metavar="DATE", help="A date includes that day, a time does not include itself; default now.")
@click.option("--quote", help="Of bare symbols.")
@click.option("--endpoint", metavar="URL", help="Ask this instead of the real exchange; such candles are marked.")
@command_options
def command(
    exchange: str | None,
    symbols: str,
    interval: str,
    start: str | None,
    end: str | None,
    quote: str | None,
    endpoint: str | None,
    bucket: str | None,
    as_json: bool,
) -> int:
    """Download candles into the lake; what it has is not asked again."""
    from cqs_data.exchanges.connection import check_endpoint
    from cqs_data.fetching import fetch, select

    selection = select(symbols, interval, exchange, start, end, quote)
    base = check_endpoint(settings(endpoint=endpoint).endpoint)
    lake = Lake(open_bucket(bucket, write=True))
    done = fetch(lake, selection, base)
    return report(lake, done, as_json)


def report(lake: Lake, done: Sequence[Fetched], as_json: bool) -> int:
    """Publish what is the neighbours', print what became of each series; 1 where one failed."""
    from cqs_core.lake.publish import at_home, publish

    publish(lake, at_home(one.series for one in done if one.rows))
    rows = [_row(one) for one in done]
    emit(rows, as_json, lambda: _table(done))
    return 1 if any(one.error for one in done) else 0


def _row(one: Fetched) -> dict[str, Any]:
    return {
        **one.series._asdict(),
        "rows": one.rows,
        "rejected": one.rejected,
        "source": one.source,
        "error": str(one.error) if one.error else None,
    }


def _table(done: Sequence[Fetched]) -> None:
    for one in done:
        marked = " (from endpoint)" if one.source == "endpoint" else ""
        apart = f", {one.rejected:,} rejected: see data/quarantine" if one.rejected else ""
        click.echo(f"{one.series}: {one.rows:,} new candles{apart}{marked}")
        if one.error:
            click.echo(f"cqs: {one.series} is not complete: {one.error}", err=True)
