"""How the monitor's commands print for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.logs.problems import Problem

_SHOWN = 10
_PIPED = 200  # columns of a table that nobody's terminal limits


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or colour its letters."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """A table whose first `left` columns are text and the others figures."""
    from rich.markup import escape
    from rich.table import Table

    from cqs_core.cli.console import SafeConsole

    shown = Table(box=None, pad_edge=False)
    for index, name in enumerate(columns):
        shown.add_column(escape(printable(name)), justify="left" if index < left else "right")
    for row in rows:
        shown.add_row(*(escape(printable(cell)) for cell in row))
    SafeConsole(width=None if sys.stdout.isatty() else _PIPED).print(shown)


def money(value: float | None) -> str:
    return "" if value is None else f"{value:+,.0f}"


def problems(found: Sequence[Problem]) -> None:
    """The first few, on stderr; all of them are in the JSON."""
    for problem in found[:_SHOWN]:
        where = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        click.echo(printable(f"{where}: {problem.reason}"), err=True)
    if len(found) > _SHOWN:
        click.echo(f"… and {len(found) - _SHOWN} more; --json has them all", err=True)
