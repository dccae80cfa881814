"""`cqs jobs`: the long work of this machine."""

from __future__ import annotations

import time
from typing import Any

import click

from cqs_core import jobs
from cqs_core.cli.options import emit, machine_options
from cqs_core.time.clock import iso


@click.group("jobs", invoke_without_command=True)
@machine_options
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List long work that pages started on this machine, newest first; `cqs jobs cancel ID` ends one."""
    if ctx.invoked_subcommand is None:
        rows = [_row(job) for job in jobs.listing()]
        emit(rows, as_json, lambda: _table(rows))


@command.command("show")
@click.argument("job_id", metavar="ID")
@machine_options
def show(job_id: str, as_json: bool) -> None:
    """Print one job with the end of its log."""
    job = jobs.get(job_id)
    row = _row(job) | {"log": job.log, "result": job.result}
    emit(row, as_json, lambda: click.echo(f"{job.title}: {job.state}\n{job.log.rstrip()}"))


@command.command("cancel")
@click.argument("job_id", metavar="ID")
@machine_options
def cancel(job_id: str, as_json: bool) -> None:
    """Ask a job to end."""
    job = jobs.cancel(job_id)
    emit(_row(job), as_json, lambda: click.echo(f"{job.title}: {'asked to end' if not job.over else job.state}"))


def _row(job: jobs.Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "title": job.title,
        "state": job.state,
        "fraction": job.fraction,
        "note": job.note or None,
        "started": iso(int(job.started * 1000)),
        "ended": iso(int(job.ended * 1000)) if job.ended else None,
        "code": job.code,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("no jobs; the pages of the dashboard start them")
    for row in rows:
        share = f"{row['fraction']:.0%}" if row["fraction"] is not None else ""
        click.echo(f"{row['id']}  {row['state']:<9} {share:>4}  {row['title']}")
    click.echo(time.strftime("as of %H:%M:%S UTC", time.gmtime()), err=True)
