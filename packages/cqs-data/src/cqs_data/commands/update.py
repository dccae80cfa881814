"""`cqs update`: what came since, for exactly the series that the lake has; once, or again and again."""

from __future__ import annotations

import re
import time

import click

from cqs_core import CqsError, Lake, UsageError
from cqs_core.cli import command_options, open_bucket, service, stop_requested, stoppable
from cqs_core.time import clock
from cqs_data.commands.endpoint import endpoint_of, endpoint_option

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 366 * 24 * 3600.0


@click.command("update")
@click.option("--every", metavar="15m", help="Keep running, and update this often (s, m, h) until SIGTERM.")
@endpoint_option("Update the series that came from this endpoint.")
@command_options
def command(every: str | None, endpoint: str | None, bucket: str | None, as_json: bool) -> int:
    """Download what came since for the series that the lake has."""
    seconds = None if every is None else _seconds(every)
    base = endpoint_of(endpoint)
    lake = Lake(open_bucket(bucket, write=True, create=False))
    return run_update(lake, base, as_json) if seconds is None else _repeat(lake, base, seconds, as_json)


def run_update(lake: Lake, endpoint: str | None, as_json: bool) -> int:
    """One update, reported."""
    from cqs_data.commands.fetch_report import STOPPED

    with stoppable(STOPPED):
        return _update(lake, endpoint, as_json)


def _update(lake: Lake, endpoint: str | None, as_json: bool, heading: str | None = None) -> int:
    from cqs_data.commands.fetch_report import report
    from cqs_data.fetching import update

    done = update(lake, endpoint)
    if not done:
        raise UsageError(f"bucket {lake.bucket.url!r} has no series to update; check its name, or `cqs fetch` some")
    return report(lake, done, as_json, endpoint, heading)


def _repeat(lake: Lake, endpoint: str | None, seconds: float, as_json: bool) -> int:
    """Update until stopped; a failed update is reported, and the next one still runs.

    Raises:
        UsageError: already the first one cannot be.
    """
    first = True
    with service():
        while not stop_requested():
            began = time.monotonic()
            try:
                _update(lake, endpoint, as_json, clock.iso(clock.now())[:19] + "Z")
            except CqsError as error:
                if first and isinstance(error, UsageError):
                    raise
                click.echo(f"cqs: {error}", err=True)
            first = False
            time.sleep(max(0.0, began + seconds - time.monotonic()))
    return 0


def _seconds(text: str) -> float:
    parts = re.fullmatch(r"(\d{1,12})([smh])", text)
    seconds = int(parts[1]) * _UNITS[parts[2]] if parts else 0
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"--every is {text!r}; write it as 30s, 15m or 1h, a year at most")
    return seconds
