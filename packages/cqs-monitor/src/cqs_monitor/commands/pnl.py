"""`cqs monitor pnl`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_monitor.commands.printing import by_currency, money, problems, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.logs.days import Period
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.summary import Summary


@click.command("pnl")
@click.option("--by", type=click.Choice(["day", "week", "month"]), default="day", show_default=True, help="ISO weeks.")
@click.option(
    "--day-start", metavar="HH:MM", help="On each bot's clock; trading days from then on, instead of its own dates."
)
@click.option("--net", is_flag=True, help="Less fees, estimated by the log format's rate on each row's amount.")
@command_options
def command(by: Period, day_start: str | None, net: bool, bucket: str | None, as_json: bool) -> None:
    """Realised PnL in each account's currency, as logged: gross of fees, by the date that the bot wrote."""
    from cqs_monitor.logs.days import read_clock
    from cqs_monitor.performance.reader import reader_of
    from cqs_monitor.performance.summary import summaries

    start = None if day_start is None else read_clock(day_start)
    snapshot = reader_of(open_bucket(bucket).address).refresh().snapshot
    accounts, totals = summaries(replace(snapshot.rows, day_start=start), by, net=net)
    data = _data(snapshot, accounts, totals) if as_json else None

    def human() -> None:
        if not accounts:
            click.echo("no logs in this bucket: neither logs/ nor bot-logs/ has any")
        for currency in snapshot.currencies:
            some = {name: accounts[name] for name in snapshot.currencies[currency]}
            _print(some, totals[currency], by, f"{currency} by {by}, {_about(snapshot, currency, day_start, net=net)}")
        problems(snapshot.problems)

    emit(data, as_json, human)


def _data(snapshot: Snapshot, accounts: Mapping[str, Summary], totals: Mapping[str, Summary]) -> dict[str, Any]:
    from cqs_monitor.performance.summary import Summary

    return {
        "accounts": {name: summary.json() for name, summary in accounts.items()},
        **by_currency(snapshot, totals, Summary()),
        "problems": [problem.json() for problem in snapshot.problems],
    }


def _print(accounts: Mapping[str, Summary], total: Summary, by: str, about: str) -> None:
    """The accounts of one currency: figures of two are never in one table."""
    click.echo(about)
    names = [*accounts][:6]
    rows = [[p, *(money(accounts[n].pnl.get(p)) for n in names), money(v)] for p, v in total.pnl.items()]
    realised = ["realised", *(money(accounts[n].realised) for n in names), money(total.realised)]
    table([by, *names, "total"], [*rows, realised])
    if len(accounts) > len(names):
        click.echo(f"{len(accounts) - len(names)} more accounts are in the total; --json has them")


def _about(snapshot: Snapshot, currency: str, day_start: str | None, *, net: bool) -> str:
    from cqs_monitor.performance.convention import AccountConvention

    found = AccountConvention.of(snapshot.formats[name] for name in snapshot.currencies[currency])
    fees = f"net of estimated fees ({found.fee})" if net else "gross of fees"
    days = (
        f"trading days from {day_start} {found.zone}"
        if day_start
        else f"{found.zone} calendar days, as the bot wrote them"
    )
    return f"{fees}; {days}"
