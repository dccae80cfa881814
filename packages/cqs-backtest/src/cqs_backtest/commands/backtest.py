"""`cqs backtest run`."""

from __future__ import annotations

from typing import Any

import click

from cqs_backtest.commands.slippage import slippage_bps
from cqs_core import INTERVALS, progress
from cqs_core.cli import command_options, emit, open_bucket, parse_assignments, parse_list
from cqs_core.trading import CAPITAL, FEE, SLIPPAGE_BPS


@click.group("backtest")
def backtest() -> None:
    """Run strategies on candles of the lake."""


@backtest.command("run")
@click.argument("strategy")
@click.option("--exchange", help="Of the symbols; the home exchange by default.")
@click.option("--quote", help="Of bare symbols.")
@click.option(
    "--symbols", required=True, help="BTC,ETH or BTC/USDT: what to trade; earlier ones come first where cash is short."
)
@click.option("--interval", default="1d", show_default=True, help=", ".join(INTERVALS) + ".")
@click.option("--start", help="First bar that may trade, UTC; earlier candles are warm-up.")
@click.option("--end", help="Exclusive; a bare date includes its day.")
@click.option("--set", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy.")
@click.option("--capital", type=float, help=f"In quote currency; CQS_CAPITAL, else {CAPITAL:,.0f}.")
@click.option("--fee", type=float, help=f"Fraction of a fill, a side; CQS_FEE, else {FEE}.")
@click.option(
    "--slippage-bps",
    metavar="BPS",
    help=f"A side; or account:NAME, as measured. CQS_SLIPPAGE_BPS, else {SLIPPAGE_BPS:g}.",
)
@click.option("--min-order", type=float, default=0.0, help="Smallest order, in quote currency.")
@click.option("--lot", type=float, default=0.0, help="Quantities are multiples of it.")
@click.option("--max-volume-share", type=float, help="Most of a bar's volume that fills may make up, 0.1 for a tenth.")
@click.option(
    "--on-end",
    type=click.Choice(["hold", "sell"]),
    default="hold",
    show_default=True,
    help="What becomes of a symbol whose candles end before the others': kept, or sold at its last close.",
)
@click.option("--allow-stale", is_flag=True, help="Run although a market that the strategy looks at lacks candles.")
@click.option("--engine", help="Who executes the orders: fast, or the reference bt.")
@click.option("--impact", type=float, help="Coefficient of bt's square-root market impact, 0.5 to 1; bt alone.")
@click.option("--benchmark", help="A symbol to buy and hold beside it; by default the symbols in equal weights.")
@click.option(
    "--lookahead-check/--no-lookahead-check",
    default=True,
    show_default=True,
    help="Call the rule on other futures too, to see whether it peeks.",
)
@click.option("--keep/--no-keep", default=True, help="Store the run in the bucket, under runs/.", show_default=True)
@command_options
def run(
    bucket: str | None,
    as_json: bool,
    strategy: str,
    symbols: str,
    params: tuple[str, ...],
    keep: bool,
    **options: Any,
) -> None:
    """Backtest STRATEGY (a name, see `cqs strategies`, or ./my_rule.py:MyRule)."""
    from cqs_backtest import facade
    from cqs_backtest.commands import printing
    from cqs_backtest.request import make_costs, make_request
    from cqs_backtest.runs import run_tables

    names = ("fee", "slippage_bps", "capital", "min_order", "lot", "max_volume_share", "on_end")
    options["slippage_bps"] = slippage_bps(options["slippage_bps"], bucket)
    costs = make_costs(**{name: options.pop(name) for name in names})
    request = make_request(strategy, parse_list(symbols), params=parse_assignments(params), costs=costs, **options)
    opened = open_bucket(bucket)
    opened.check(write=keep)
    with progress("Backtest", 3, "steps") as work:
        outcome = facade.run(request, opened, confirm=keep, tell=lambda step: work.advance(1, note=step))
    data = {
        "performance": outcome.performance,
        "equity": run_tables.equity_rows(outcome.result),
        "trades": run_tables.trade_rows(outcome.result),
        "badges": outcome.badges,
        "run": outcome.keep(opened) if keep else None,
    }

    def table() -> None:
        from cqs_core.files import SafeConsole

        printing.print_performance(SafeConsole(), outcome)
        if data["run"]:
            click.echo(f"kept as {data['run']}")

    emit(data, as_json, table)
