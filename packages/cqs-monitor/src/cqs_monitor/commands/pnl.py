"""`cqs monitor pnl`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_monitor.commands.printing import money, problems, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.logs.days import Period
    from cqs_monitor.logs.problems import Problem
    from cqs_monitor.performance.summary import Summaries


@click.command("pnl")
@click.option("--by", type=click.Choice(["day", "week", "month"]), default="day", show_default=True, help="ISO weeks.")
@click.option("--day-start", metavar="HH:MM", help="KST; trading days from then on, instead of the bot's own dates.")
@click.option("--net", is_flag=True, help="Less fees, estimated as 0.05 % of each row's amount.")
@command_options
def command(by: Period, day_start: str | None, net: bool, bucket: str | None, as_json: bool) -> None:
    """Realised PnL in KRW, as logged: gross of fees, by the date that the bot wrote (KST calendar day)."""
    from cqs_monitor.logs.days import read_clock
    from cqs_monitor.logs.history import Logs
    from cqs_monitor.performance.columns import columns_of
    from cqs_monitor.performance.summary import summarise

    start = None if day_start is None else read_clock(day_start)
    snapshot = Logs(open_bucket(bucket)).refresh()
    found = summarise(columns_of(snapshot, start), by, net=net)
    data = _data(found, snapshot.problems) if as_json else None

    def human() -> None:
        _print(found, by, day_start, net)
        problems(snapshot.problems)

    emit(data, as_json, human)


def _data(found: Summaries, told: Sequence[Problem]) -> dict[str, Any]:
    return {
        "accounts": {name: summary.json() for name, summary in found.accounts.items()},
        "total": found.total.json(),
        "problems": [problem.json() for problem in told],
    }


def _print(found: Summaries, by: str, day_start: str | None, net: bool) -> None:
    if not found.accounts:
        click.echo("no logs in this bucket: neither logs/ nor bot-logs/ has any")
        return
    days = f"trading days from {day_start} KST" if day_start else "KST calendar days, as the bot wrote them"
    click.echo(f"KRW by {by}, {'net of estimated fees (0.05 %)' if net else 'gross of fees'}; {days}")
    names = list(found.accounts)[:6]
    rows = [[p, *(money(found.accounts[n].pnl.get(p)) for n in names), money(v)] for p, v in found.total.pnl.items()]
    realised = ["realised", *(money(found.accounts[n].realised) for n in names), money(found.total.realised)]
    table([by, *names, "total"], [*rows, realised])
    if len(found.accounts) > len(names):
        click.echo(f"{len(found.accounts) - len(names)} more accounts are in the total; --json has them")
