"""`cqs monitor stats`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_monitor.commands.printing import by_currency, money, problems, table

if TYPE_CHECKING:
    from cqs_monitor.performance.statistics import Statistics


@click.command("stats")
@click.option(
    "--day-start", metavar="HH:MM", help="On each bot's clock; trading days from then on, instead of its own dates."
)
@command_options
def command(day_start: str | None, bucket: str | None, as_json: bool) -> None:
    """Win rate, profit factor, streaks, drawdown, by symbol, by hour on the bot's clock; of SELL rows, gross."""
    from cqs_monitor.logs.days import read_clock
    from cqs_monitor.performance.reader import reader_of
    from cqs_monitor.performance.statistics import Statistics, statistics

    start = None if day_start is None else read_clock(day_start)
    snapshot = reader_of(open_bucket(bucket).address).refresh().snapshot
    rows = replace(snapshot.rows, day_start=start)
    found = {name: statistics(part) for name, part in rows.by_account()}
    totals = {currency: statistics(rows.of(names)) for currency, names in snapshot.currencies.items()}
    data = {
        "accounts": {name: one.json() for name, one in found.items()},
        **by_currency(snapshot, totals, Statistics()),
    }

    def human() -> None:
        _print({**found, **{f"total, {currency}": total for currency, total in totals.items()}})
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
