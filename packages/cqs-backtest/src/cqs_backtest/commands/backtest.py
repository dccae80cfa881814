"""`cqs backtest run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_backtest.commands.request_options import costs_of, only_of_runs, request_options, run_options_of, with_features
from cqs_core import CqsError, progress
from cqs_core.cli import command_options, emit, open_bucket, parse_assignments, symbols_of
from cqs_core.files import safe

if TYPE_CHECKING:
    from cqs_backtest.outcome import BacktestOutcome
    from cqs_core import Bucket


@click.group("backtest")
def backtest() -> None:
    """Run strategies on candles of the lake."""


@backtest.command("run")
@click.argument("strategy")
@request_options
@click.option("--engine", help="Who executes the orders: fast, or the reference bt.")
@click.option("--impact", type=float, help="Coefficient of bt's square-root market impact, 0.5 to 1; bt alone.")
@click.option("--benchmark", help="A symbol to buy and hold for comparison; by default the symbols in equal weights.")
@only_of_runs
@click.option("--name", default="", help="A name for the run.")
@click.option("--keep/--no-keep", default=True, help="Store the run in the bucket, under runs/.", show_default=True)
@command_options
def run(
    bucket: str | None,
    as_json: bool,
    strategy: str,
    symbols: str,
    params: tuple[str, ...],
    keep: bool,
    features: tuple[str, ...],
    **options: Any,
) -> None:
    """Backtest STRATEGY (a name, see `cqs strategies`, or ./my_rule.py:MyRule)."""
    from cqs_backtest.outcome import run as execute
    from cqs_backtest.request import make_request

    values: dict[str, Any] = {"costs": costs_of(options, bucket), "options": run_options_of(options)}
    traded = symbols_of(symbols, bucket, options.get("exchange"), options.get("quote"))
    request = make_request(strategy, traded, params=parse_assignments(params), **values, **options)
    opened = open_bucket(bucket)
    opened.check(write=keep)
    request = with_features(request, features, opened)
    with progress("Backtest", 3, "steps") as work:
        outcome = execute(request, opened, confirm=keep, tell=lambda step: work.advance(1, note=step))
    kept, failed = None, None
    try:
        kept = outcome.keep(opened) if keep else None
    except CqsError as error:  # the result is told first
        failed = error
    _tell(outcome, kept, opened, as_json=as_json)
    if failed is not None:
        raise failed


def _tell(outcome: BacktestOutcome, kept: str | None, bucket: Bucket, *, as_json: bool) -> None:
    from cqs_backtest.commands import printing
    from cqs_backtest.luck import lucks
    from cqs_backtest.runs import run_tables

    luck = lucks(bucket, [outcome.manifest])[0]
    data = {
        "performance": outcome.performance,
        "equity": run_tables.equity_rows(outcome.result),
        "trades": run_tables.trade_rows(outcome.result),
        "badges": outcome.badges,
        "luck": luck.row(),
        "run": kept,
    }

    def table() -> None:
        from cqs_core.files import SafeConsole

        printing.print_performance(SafeConsole(), outcome)
        if luck.sentence:
            click.echo(luck.sentence)
        if kept:
            click.echo(f"kept as {kept}")

    emit(data, as_json, table)
    if outcome.uncounted:
        click.echo(safe(f"cqs: this set is not counted as a trial: {outcome.uncounted}"), err=True)
