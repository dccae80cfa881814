"""`cqs fetch`: download missing candles."""

from __future__ import annotations

import click

from cqs_core import INTERVALS, Lake, UsageError
from cqs_core.cli import (
    command_options,
    emit,
    machine_options,
    open_bucket,
    say,
    stoppable,
    symbols_of,
    symbols_option,
    table_lines,
)
from cqs_data.commands.endpoint import endpoint_of, endpoint_option

_GENERIC = "through ccxt alone; not tried with cqs"


@click.command("fetch")
@click.option("--exchange", metavar="ID", help="Any of `cqs exchanges`; default CQS_EXCHANGE.")
@symbols_option("BTC, BTC/KRW, KRW-BTC, or patterns such as '*/KRW'", default="")
@click.option("--top", type=click.IntRange(1), metavar="N", help="Also the N markets of the largest 24-hour volume.")
@click.option("--interval", default="1d", show_default=True, metavar="I,J", help=", ".join(INTERVALS) + ".")
@click.option("--start", metavar="DATE", help="First candle, UTC; default the exchange's first.")
@click.option("--end", metavar="DATE", help="A date includes that day, a time does not include itself; default now.")
@click.option("--quote", help="Quote currency of bare symbols and of --top.")
@endpoint_option("Ask this instead of the real exchange; such candles are marked.")
@click.option("--update", "updating", is_flag=True, help="The same as `cqs update`.")
@click.option("--list", "listing", is_flag=True, help="The same as `cqs data status`.")
@command_options
def command(
    exchange: str | None,
    symbols: str,
    top: int | None,
    interval: str,
    start: str | None,
    end: str | None,
    quote: str | None,
    endpoint: str | None,
    updating: bool,
    listing: bool,
    bucket: str | None,
    as_json: bool,
) -> int:
    """Download candles into the lake; what it has is not asked again."""
    if updating or listing:
        return _habit(updating, listing, symbols, endpoint, bucket, as_json)
    from cqs_data.commands.fetch_report import STOPPED, report
    from cqs_data.fetching import fetch, select

    chosen = symbols_of(symbols, bucket, exchange, quote)
    selection = select(chosen, interval, exchange, start, end, quote, top or 0)
    base = endpoint_of(endpoint)
    lake = Lake(open_bucket(bucket, write=True))
    with stoppable(STOPPED):
        return report(lake, fetch(lake, selection, base), as_json, base)


def _habit(updating: bool, listing: bool, symbols: str, endpoint: str | None, bucket: str | None, as_json: bool) -> int:
    """`--update` and `--list`, as other programs call them."""
    if symbols or (updating and listing):
        raise UsageError("--update and --list stand alone: they are about all series that the lake has")
    from cqs_data.commands.status import show_status
    from cqs_data.commands.update import run_update

    if listing:
        show_status(Lake(open_bucket(bucket)), as_json)
        return 0
    base = endpoint_of(endpoint)
    return run_update(Lake(open_bucket(bucket, write=True, create=False)), base, as_json)


@click.command("exchanges")
@machine_options
def exchanges(as_json: bool) -> None:
    """List the exchanges that `cqs fetch` knows, those with their own code first."""
    from cqs_data.exchanges.exchange_catalog import described

    rows = described()
    cells = [
        (
            row["id"],
            row["quote"],
            _GENERIC if row["tested"] == "generic" else row["tested"],
            f"its last {row['history']:,}" if row["history"] else "",
        )
        for row in rows
    ]
    titles = ("Exchange", "Quote", "How it was tested", "Gives only")
    emit(rows, as_json, lambda: say(table_lines(titles, [False] * 4, cells)))
