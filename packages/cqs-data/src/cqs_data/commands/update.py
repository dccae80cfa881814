"""`cqs update`: what came since, for exactly the series that the lake has; once, or again and again."""

from __future__ import annotations

import re
import signal
import threading
import time
from types import FrameType

import click

from cqs_core import CqsError, Lake, UsageError, settings
from cqs_core.cli import command_options, open_bucket

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@click.command("update")
@click.option("--every", metavar="15m", help="Keep running, and update this often (s, m, h) until SIGTERM.")
@click.option("--endpoint", metavar="URL", help="Update the series that came from this endpoint.")
@command_options
def command(every: str | None, endpoint: str | None, bucket: str | None, as_json: bool) -> int:
    """Download what came since for the series that the lake has."""
    seconds = None if every is None else _seconds(every)
    lake = Lake(open_bucket(bucket, write=True))
    if seconds is None:
        return run_update(lake, endpoint, as_json)
    return _repeat(lake, endpoint, seconds, as_json)


def run_update(lake: Lake, endpoint: str | None, as_json: bool) -> int:
    """One update, reported."""
    from cqs_data.commands.reporting import report
    from cqs_data.fetching import update

    return report(lake, update(lake, settings(endpoint=endpoint).endpoint), as_json)


def _repeat(lake: Lake, endpoint: str | None, seconds: float, as_json: bool) -> int:
    """Update until told to stop; an update that fails is told, and the next one comes all the same."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    while not stopping.is_set():
        began = time.monotonic()
        try:
            run_update(lake, endpoint, as_json)
        except CqsError as error:
            click.echo(f"cqs: {error}", err=True)
        stopping.wait(max(0.0, began + seconds - time.monotonic()))
    return 0


def _seconds(text: str) -> float:
    parts = re.fullmatch(r"(\d+)([smh])", text)
    if not parts or not int(parts[1]):
        raise UsageError(f"--every is {text!r}; write it as 30s, 15m or 1h")
    return int(parts[1]) * _UNITS[parts[2]]
