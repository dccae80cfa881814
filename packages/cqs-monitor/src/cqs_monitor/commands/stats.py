"""`cqs monitor stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_monitor.commands.printing import money, problems, table

if TYPE_CHECKING:
    from cqs_monitor.performance.statistics import Statistics


@click.command("stats")
@click.option("--day-start", metavar="HH:MM", help="KST; trading days from then on, instead of the bot's own dates.")
@command_options
def command(day_start: str | None, bucket: str | None, as_json: bool) -> None:
    """Win rate, profit factor, streaks, drawdown, by symbol and by hour (KST); of SELL rows, gross of fees."""
    from cqs_monitor.logs.days import read_clock
    from cqs_monitor.logs.history import Logs
    from cqs_monitor.performance.columns import columns_of
    from cqs_monitor.performance.statistics import statistics

    start = None if day_start is None else read_clock(day_start)
    snapshot = Logs(open_bucket(bucket)).refresh()
    columns = columns_of(snapshot, start)
    found = {name: statistics(part) for name, part in columns.by_account()}
    total = statistics(columns)
    data = {"accounts": {name: one.json() for name, one in found.items()}, "total": total.json()}

    def human() -> None:
        _print({**found, "total": total})
        problems(snapshot.problems)

    emit(data, as_json, human)


def _print(found: dict[str, Statistics]) -> None:
    rows = [
        [
            name,
            money(one.realised),
            f"{one.sells:,}",
            "" if one.win_rate is None else f"{one.win_rate:.1f} %",
            "" if one.profit_factor is None else f"{one.profit_factor:.2f}",
            money(one.average_win),
            money(one.average_loss),
            f"{one.win_streak} / {one.loss_streak}",
            money(one.drawdown),
        ]
        for name, one in found.items()
    ]
    columns = [
        "account",
        "realised",
        "sells",
        "win rate",
        "profit factor",
        "avg win",
        "avg loss",
        "streaks",
        "drawdown",
    ]
    table(columns, rows)
