"""`cqs monitor compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cqs_core import UsageError
from cqs_core.cli import command_options, emit, open_bucket, parse_assignments, symbols_of, symbols_option
from cqs_core.files import safe
from cqs_monitor.commands.printing import money, table

if TYPE_CHECKING:
    from cqs_monitor.compare.comparison import BotComparison


@click.command("compare")
@click.option("--account", required=True, help="The account's folder name.")
@click.option("--strategy", "name", required=True, help="The strategy that the account should have followed.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy.")
@click.option(
    "--exchange", help="Exchange of the candles; by default that of the account's log format, else the configured one."
)
@click.option("--interval", default="1d", show_default=True, help="Length of the candles.")
@symbols_option("BTC,ETH; those that the account bought by default")
@click.option("--start", help="First day that may trade; that of the first row by default.")
@click.option("--end", help="Last day; that of the last candle by default.")
@click.option("--capital", type=click.FloatRange(min=0, min_open=True), help="Estimated from the first purchase.")
@click.option("--save-costs", is_flag=True, help="Store the slippage for `cqs backtest run --slippage-bps account:…`.")
@command_options
def command(
    account: str,
    name: str,
    assignments: tuple[str, ...],
    exchange: str | None,
    interval: str,
    symbols: str | None,
    start: str | None,
    end: str | None,
    capital: float | None,
    save_costs: bool,
    bucket: str | None,
    as_json: bool,
) -> None:
    """Compare an account's log with a strategy's run over the lake's candles, position by position."""
    from cqs_core import parse_interval
    from cqs_core.time.clock import parse_range
    from cqs_monitor.compare.comparison import ComparisonRequest, compare
    from cqs_monitor.compare.strategy_setup import find_setup
    from cqs_monitor.performance.reader import reader_of

    first, last = parse_range(start, end)
    setup = find_setup(name, parse_assignments(assignments), exchange or "", parse_interval(interval))
    named = tuple(symbols_of(symbols, bucket, exchange))
    opened = open_bucket(bucket, write=save_costs)
    request = ComparisonRequest(account, setup, first, last, named, capital)
    found = compare(opened, reader_of(opened.address).refresh().snapshot, request)
    if save_costs:
        if found.costs is None:
            raise UsageError(
                f"no fill of {account!r} is in the strategy's bar, so there is nothing to save; compare other days"
            )
        found.costs.write(opened)
    emit(found.json(), as_json, lambda: _print(found, saved=save_costs))


def _print(found: BotComparison, *, saved: bool) -> None:
    data = found.json()
    click.echo(
        safe(f"{data['account']} against {data['strategy']}, {data['start'][:10]} to {data['end'][:10]} (exclusive)")
    )
    counts = {key: len(data[key]) for key in ("matched", "missed", "extra")}
    click.echo(", ".join(f"{n} {key}" for key, n in counts.items()))
    table(
        ["what", "symbol", "opened", "how"],
        [[d.kind, d.symbol, d.time[:10], d.detail] for d in found.deviations],
        left=4,
    )
    table(["bridge", "profit"], [[part, money(value)] for part, value in data["bridge"].items()])
    if data["slippage_bps"] is not None:
        click.echo(f"slippage {data['slippage_bps']:+.2f} bp a side{', saved' if saved else ''}")
    for note in data["notes"]:
        click.echo(safe(f"· {note}"))
