"""How the monitor's commands print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import say, table_lines
from cqs_core.files import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_monitor.logs.problems import Problem
    from cqs_monitor.logs.snapshot import Snapshot

_SHOWN = 10


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """A table whose first `left` columns are text and the others figures."""
    say(table_lines(columns, [index >= left for index in range(len(columns))], rows))


def money(value: float | None) -> str:
    """Whole units; small amounts, as of currencies that are worth more, to the hundredth."""
    if value is None or abs(value) >= 1000:
        return "" if value is None else f"{value:+,.0f}"
    return f"{value:+,.2f}".removesuffix("00").removesuffix(".")


def by_currency(snapshot: Snapshot, totals: Mapping[str, Any], nothing: Any) -> dict[str, Any]:
    """The JSON of totals: `total` where all accounts have one currency, else null, and `totals` by currency."""
    if len(totals) < 2:
        return {"total": next(iter(totals.values()), nothing).json()}
    currencies = {account: snapshot.currency(account) for account in snapshot.accounts}
    return {"total": None, "totals": {name: one.json() for name, one in totals.items()}, "currencies": currencies}


def problems(found: Sequence[Problem]) -> None:
    """The first few, on stderr; all of them are in the JSON."""
    for problem in found[:_SHOWN]:
        where = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        click.echo(safe(f"{where}: {problem.reason}"), err=True)
    if len(found) > _SHOWN:
        click.echo(f"… and {len(found) - _SHOWN} more; --json has them all", err=True)
