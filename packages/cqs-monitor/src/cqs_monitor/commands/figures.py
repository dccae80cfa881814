"""Figures of the logs: `cqs monitor pnl`, `stats` and `reconcile`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe
from cqs_monitor.commands.printing import by_currency, money, problems, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.logs.days import Period
    from cqs_monitor.logs.snapshot import Rows, Snapshot
    from cqs_monitor.performance.statistics import Statistics
    from cqs_monitor.performance.summary import Summary

_day_start_option = click.option(
    "--day-start", metavar="HH:MM", help="On each bot's clock; trading days from then on, instead of its own dates."
)


@click.command("pnl")
@click.option("--by", type=click.Choice(["day", "week", "month"]), default="day", show_default=True, help="ISO weeks.")
@_day_start_option
@click.option("--net", is_flag=True, help="Less fees, estimated by the log format's rate on each row's amount.")
@command_options
def pnl(by: Period, day_start: str | None, net: bool, bucket: str | None, as_json: bool) -> None:
    """Realised PnL in each account's currency, as logged: gross of fees, by the date that the bot wrote."""
    from cqs_monitor.performance.summary import summaries

    snapshot, rows = _rows(bucket, day_start)
    accounts, totals = summaries(rows, by, net=net)
    data = _data(snapshot, accounts, totals) if as_json else None

    def human() -> None:
        if not accounts:
            click.echo("no logs in this bucket: neither logs/ nor bot-logs/ has any")
        for currency in snapshot.currencies:
            some = {name: accounts[name] for name in snapshot.currencies[currency]}
            _print(some, totals[currency], by, f"{currency} by {by}, {_about(snapshot, currency, day_start, net=net)}")
        problems(snapshot.problems)

    emit(data, as_json, human)


def _rows(bucket: str | None, day_start: str | None) -> tuple[Snapshot, Rows]:
    """The logs now, and their rows on the days that were asked for."""
    from cqs_monitor.logs.days import read_clock
    from cqs_monitor.performance.reader import reader_of

    start = None if day_start is None else read_clock(day_start)
    snapshot = reader_of(open_bucket(bucket).address).refresh().snapshot
    return snapshot, replace(snapshot.rows, day_start=start)


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


@click.command("stats")
@_day_start_option
@command_options
def stats(day_start: str | None, bucket: str | None, as_json: bool) -> None:
    """Win rate, profit factor, streaks, drawdown, by symbol, by hour on the bot's clock; of SELL rows, gross."""
    from cqs_monitor.performance.statistics import Statistics, statistics

    snapshot, rows = _rows(bucket, day_start)
    found = {name: statistics(part) for name, part in rows.by_account()}
    totals = {currency: statistics(rows.of(names)) for currency, names in snapshot.currencies.items()}
    data = {
        "accounts": {name: one.json() for name, one in found.items()},
        **by_currency(snapshot, totals, Statistics()),
    }

    def human() -> None:
        _print_stats({**found, **{f"total, {currency}": total for currency, total in totals.items()}})
        problems(snapshot.problems)

    emit(data, as_json, human)


def _print_stats(found: dict[str, Statistics]) -> None:
    from cqs_core.trading.metrics import WIN_RATE

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
        WIN_RATE.label.lower(),
        "profit factor",
        "avg win",
        "avg loss",
        "streaks",
        "drawdown",
    ]
    table(columns, rows)


@click.command("reconcile")
@command_options
def reconcile(bucket: str | None, as_json: bool) -> None:
    """Check positions against the trades: orphan BUYs, missing SELLs, quantities that do not add up."""
    from cqs_monitor.performance.reader import reader_of

    figures = reader_of(open_bucket(bucket).address).refresh()
    snapshot = figures.snapshot
    found = [finding for account in snapshot.accounts for finding in figures.findings(account)]

    def human() -> None:
        for finding in found:
            click.echo(safe(f"{finding.account}  {finding.kind}  {finding.since or ''}  {finding.reason}"))
        if not found:
            click.echo(f"{len(snapshot.accounts)} accounts: what they hold is what their trades leave")
        problems(snapshot.problems)

    emit([finding.json() for finding in found], as_json, human)
