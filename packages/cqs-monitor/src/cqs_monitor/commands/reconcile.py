"""`cqs monitor reconcile`."""

from __future__ import annotations

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe
from cqs_monitor.commands.printing import problems


@click.command("reconcile")
@command_options
def command(bucket: str | None, as_json: bool) -> None:
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
