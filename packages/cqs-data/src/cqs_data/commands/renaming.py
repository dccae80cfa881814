"""`cqs data rename`: a market that its exchange renamed."""

from __future__ import annotations

import click

from cqs_core import Lake, Series, UsageError, market_of, settings
from cqs_core.cli import command_options, emit, open_bucket, say
from cqs_data.commands.fetch_report import counted


@click.command("rename")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--exchange", metavar="ID", help="Default CQS_EXCHANGE.")
@click.option("--splice", is_flag=True, help="Join with candles that NEW has already.")
@command_options
def rename_command(old: str, new: str, exchange: str | None, splice: bool, bucket: str | None, as_json: bool) -> None:
    """Give the candles of market OLD, at all intervals, the name NEW."""
    from cqs_data.importing.market import typed_market

    lake = Lake(open_bucket(bucket, write=True, create=False))
    chosen = exchange or settings().exchange
    if old == new or "/" not in new:
        raise UsageError(f"{new!r} is not another market; write NEW as BASE/QUOTE")
    stored = {one.market for one in lake.series() if one.exchange == chosen}
    old = old if old in stored else market_of(old, chosen, known=stored)
    new = new if new in stored else typed_market(new, chosen)
    series = [one for one in lake.series() if (one.exchange, one.market) == (chosen, old)]
    if not series:
        raise UsageError(f"the lake has no market {old!r} of {chosen}; `cqs data status` lists what it has")
    if not splice and (taken := [one for one in series if lake.objects(one._replace(market=new))]):
        raise UsageError(f"the lake has {taken[0]._replace(market=new)} already; say --splice to join them")
    rows = [{**one._replace(market=new)._asdict(), "rows": _renamed(lake, one, new)} for one in series]
    emit(
        rows,
        as_json,
        lambda: say([f"{chosen} {new} {r['interval']}: {counted(int(r['rows']), 'candle')}" for r in rows]),
    )


def _renamed(lake: Lake, series: Series, new: str) -> int:
    from cqs_data.importing.records import rename_records

    renamed = series._replace(market=new)
    rows = lake.rename(series, renamed)
    rename_records(lake.bucket, series, renamed)
    return rows
