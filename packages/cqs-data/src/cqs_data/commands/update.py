"""`cqs update`: what came since, for exactly the series that the lake has; once, or again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cqs_core import CqsError, Lake, UsageError
from cqs_core.cli import (
    awaited_bucket,
    checked_ping,
    command_options,
    emit,
    log_options,
    ping_option,
    running,
    stoppable,
    wait_option,
    without_pandas,
)
from cqs_core.jobs import save_memory
from cqs_core.time import duration
from cqs_data.commands.endpoint import endpoint_of, endpoint_option

if TYPE_CHECKING:
    from cqs_core.cli import Round
    from cqs_data.fetching import Fetched


@click.command("update")
@click.option("--every", metavar="15m", help="Keep running, and update this often (s, m, h) until SIGTERM.")
@ping_option
@wait_option
@endpoint_option("Update the series that came from this endpoint.")
@log_options
@command_options
def command(
    every: str | None, ping: str | None, wait: str | None, endpoint: str | None, bucket: str | None, as_json: bool
) -> int:
    """Download what came since for the series that the lake has."""
    seconds = None if every is None else duration(every, "--every")
    if ping and seconds is None:
        raise UsageError("--ping goes with --every: it says that a service still works")
    save_memory()
    without_pandas()
    base = endpoint_of(endpoint)
    lake = Lake(awaited_bucket(bucket, wait, write=True))
    return (
        run_update(lake, base, as_json)
        if seconds is None
        else _repeat(lake, base, seconds, as_json, checked_ping(ping))
    )


def run_update(lake: Lake, endpoint: str | None, as_json: bool) -> int:
    """One update, reported."""
    from cqs_data.commands.fetch_report import STOPPED, report

    with stoppable(STOPPED):
        return report(lake, _update(lake, endpoint), as_json, endpoint)


def _update(lake: Lake, endpoint: str | None) -> list[Fetched]:
    from cqs_data.fetching import update

    done = update(lake, endpoint)
    if not done:
        raise UsageError(f"bucket {lake.bucket.url!r} has no series to update; check its name, or `cqs fetch` some")
    return done


def _repeat(lake: Lake, endpoint: str | None, seconds: float, as_json: bool, ping: str | None) -> int:
    """Update until stopped; a failed update is logged, and the next one still runs.

    Raises:
        UsageError: already the first one cannot be.
    """
    first = True
    with running("update", lake.bucket, seconds, ping) as service:
        while service.runs():
            began = time.monotonic()
            with service.round() as done:
                try:
                    _round(lake, endpoint, as_json, done)
                except CqsError as error:
                    if first and isinstance(error, UsageError):
                        raise
                    done.faults.append(str(error))
            first = False
            service.rest(began + seconds)
    return 0


def _round(lake: Lake, endpoint: str | None, as_json: bool, done: Round) -> None:
    from cqs_data.commands.fetch_report import faults, finish, rows_of, series_line

    fetched = _update(lake, endpoint)
    unpublished, done.notes = finish(lake, fetched, endpoint)
    done.faults += [*unpublished, *faults(fetched)]
    done.details += [series_line(one, endpoint) for one in fetched if one.rows or one.rejected or one.flagged]
    done.counts |= {
        "new candles": sum(one.rows for one in fetched),
        "series": len(fetched),
        "failed": sum(one.error is not None for one in fetched),
        "doubtful": sum(bool(one.doubtful) for one in fetched),
    }
    if as_json:
        emit(rows_of(fetched), as_json, lambda: None)
