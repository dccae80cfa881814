"""`cqs monitor watch`."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

from cqs_core import Bucket, BucketError, CqsError
from cqs_core.cli import (
    awaited_bucket,
    bucket_option,
    checked_ping,
    emit,
    json_option,
    log_options,
    ping_option,
    running,
    wait_option,
    without_pandas,
)
from cqs_core.files import safe
from cqs_core.jobs import save_memory

if TYPE_CHECKING:
    from cqs_monitor.alerts.watcher import Watcher


@click.command("watch")
@click.option("--once", is_flag=True, help="One round, then exit; for cron. An unreachable bucket is reported at once.")
@click.option(
    "--every", type=click.FloatRange(1, 3600), default=30.0, show_default=True, help="Seconds between rounds."
)
@click.option(
    "--patience",
    type=click.FloatRange(1, 600),
    default=60.0,
    show_default=True,
    help="Seconds for the bucket to answer.",
)
@ping_option
@wait_option
@log_options
@bucket_option
@json_option
def command(
    once: bool, every: float, patience: float, ping: str | None, wait: str | None, bucket: str | None, as_json: bool
) -> int:
    """Evaluate the rules of config/alerts.toml repeatedly, and send alerts through the configured channels.

    Channels are Apprise URLs in CQS_ALERT_NAME, in the environment or in .env. One watcher a bucket.
    """
    save_memory()
    without_pandas()
    from cqs_monitor.alerts.watcher import Watcher

    watcher = Watcher(_bucket(bucket, wait), _say, patience)
    _check(watcher)
    watcher.lease.seconds = max(watcher.lease.seconds, 3 * every)
    if once:
        return _once(watcher, as_json)
    _watch(watcher, every, checked_ping(ping))
    return 0


def _bucket(option: str | None, wait: str | None) -> Bucket:
    """Without waiting, a bucket that is not there is reported through the channels."""
    from cqs_core.config import bucket_url

    return awaited_bucket(option, wait, write=True) if wait else Bucket(bucket_url(option))


def _watch(watcher: Watcher, every: float, ping: str | None) -> None:
    """Rounds until a signal comes.

    Raises:
        HeldByAnother: another watcher has the lease.
    """
    try:
        with running("watch", watcher.bucket, every, ping) as service:
            watcher.say = service.say
            while service.runs():
                began = time.monotonic()
                with service.round() as done:
                    if not watcher.round():
                        done.faults.append(watcher.fault)
                    done.counts |= {"alerts active": len(watcher.active)}
                service.rest(began + max(every, 0.5))
    finally:
        _give_back(watcher)


def _once(watcher: Watcher, as_json: bool) -> int:
    from cqs_monitor.alerts.state import line

    watcher.blind_after = 0.0
    seen = watcher.round()
    _give_back(watcher)
    if not seen:
        _say(watcher.fault)
    active = [line("alert", one, one.at) for one in watcher.active]
    emit({"seen": seen, "told": active}, as_json, lambda: click.echo(f"{len(active)} alerts are active"))
    return 0 if seen else 1


def _check(watcher: Watcher) -> None:
    """Whether the bucket can be watched. A missing one is reported, never created: its disk may not be mounted yet.

    Raises:
        UsageError: why it cannot.
    """
    try:
        watcher.bucket.check()
        watcher.bucket.check(write=True)
    except CqsError as error:
        watcher.blind_after = 0.0
        watcher.tell_blind(str(error))
        raise


def _say(text: str) -> None:
    click.echo(safe(text), err=True)


def _give_back(watcher: Watcher) -> None:
    with contextlib.suppress(BucketError, OSError):  # the lease expires by itself
        watcher.lease.give_back()
