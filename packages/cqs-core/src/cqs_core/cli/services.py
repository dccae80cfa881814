"""A service: a command that works in rounds until a signal ends it, and says what it does.

At start it logs what it is, which bucket, which settings and which version. Each round is one line; a fault that
repeats is logged once and then counted. The state of the last round is stored for `cqs health`, and systemd hears that
the service is ready, alive, and stopping.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli.logs import LOGGER, log_to_stderr_by_default, logs_json
from cqs_core.cli.options import open_bucket
from cqs_core.cli.repeats import Repeats
from cqs_core.cli.stopping import service, stop_requested
from cqs_core.errors import CqsError, UsageError
from cqs_core.jobs.heap import give_back
from cqs_core.jobs.job import created
from cqs_core.jobs.places import become_service
from cqs_core.jobs.reporting import JOB_VARIABLE, in_rounds
from cqs_core.jobs.service_state import ServiceState
from cqs_core.jobs.systemd import notify, watchdog_seconds
from cqs_core.time.durations import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core.bucket import Bucket

_PING_SECONDS = 10.0
_PATH = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")


@dataclass
class Round:
    """The result of one round.

    Attributes:
        counts: figures by name, such as `candles`, for the log line and `cqs health`.
        faults: what was wrong, one line each.
        notes: what is worth a line, but not a fault; repeated ones are counted as well.
        details: of the round, one line each; logged with `--verbose`.
    """

    counts: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)


@dataclass
class Service:
    """A service that runs.

    Attributes:
        state: what `cqs health` knows of it.
        ping: URL that is asked after each round without faults; a monitor elsewhere notices when that stops.
        works: whether it said that it is ready.
    """

    state: ServiceState
    ping: str | None = None
    works: bool = False
    _repeats: Repeats = field(default_factory=Repeats)
    _notes: Repeats = field(default_factory=Repeats)
    _said: list[str] = field(default_factory=list)

    @property
    def log(self) -> logging.Logger:
        """Its logger."""
        return LOGGER.getChild(self.state.name)

    def runs(self) -> bool:
        """Whether no signal has come."""
        return not stop_requested()

    def ready(self) -> None:
        """It works from now on: it says what it is, and systemd starts what waits for it."""
        _announce(self)
        self.state.write()
        self.works = True
        notify("READY=1")

    def answers(self, text: str, **fields: Any) -> None:
        """Say on standard error where it answers: as it is, or as a record where the log is JSON lines.

        Args:
            text: lines for people.
            fields: of the record, such as `url`.
        """
        if logs_json():
            self.log.info("answers at %s", fields.get("url", ""), extra={"fields": fields})
        else:
            click.echo(text, err=True)

    @staticmethod
    def alive() -> None:
        """For a service without rounds: it still works. Called at least every `watchdog_seconds`."""
        notify("WATCHDOG=1")

    def stops(self) -> None:
        """It ends in order."""
        notify("STOPPING=1")
        self.state.stopped = time.time()
        self.state.write()
        self.log.info("ends")

    def say(self, text: str) -> None:
        """Log a line at once, unless the last round said the same."""
        if self._notes.is_new(text):
            self.log.warning("%s", text)
        self._said.append(text)

    @contextlib.contextmanager
    def round(self) -> Iterator[Round]:
        """One round of work; what it raises is not logged here."""
        began, done = time.monotonic(), Round()
        notify("WATCHDOG=1")
        yield done
        self._ended(done, time.monotonic() - began)

    def _ended(self, done: Round, seconds: float) -> None:
        if self.ping and not done.faults and (fault := _pinged(self.ping)):
            done.faults.append(fault)
        for is_fault, line in self._repeats.heard(done.faults):
            self.log.log(logging.WARNING if is_fault else logging.INFO, "%s", line)
        for line in done.notes:
            self.say(line)
        for still, line in self._notes.heard(self._said):
            if still:
                self.log.warning("%s", line)
        self._said.clear()
        for line in done.details:
            self.log.debug("%s", line)
        figures = ", ".join(f"{name} {value:,.10g}" for name, value in done.counts.items())
        open_faults = f"; faults: {len(self._repeats)}" if len(self._repeats) else ""
        about = {"counts": done.counts, "seconds": round(seconds, 3), "faults": done.faults}
        self.log.info("%s, in %.1f s%s", figures or "done", seconds, open_faults, extra={"fields": about})
        self.state.round, self.state.seconds = time.time(), seconds
        self.state.counts, self.state.faults = done.counts, done.faults
        self.state.write()
        give_back()
        notify("WATCHDOG=1", f"STATUS={figures or 'done'}{open_faults}")

    def rest(self, until: float) -> None:
        """Sleep, and tell systemd that it is not stuck.

        Args:
            until: as `time.monotonic` counts.
        """
        watchdog = watchdog_seconds()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, watchdog / 2) if watchdog else left)
            notify("WATCHDOG=1")


@contextlib.contextmanager
def running(
    name: str, bucket: Bucket, every: float | None = None, ping: str | None = None, *, ready: bool = True
) -> Iterator[Service]:
    """A service runs in the block until a signal comes, which is its normal end: exit code 0.

    Args:
        name: of the service, one word.
        bucket: that it works on.
        every: seconds between two rounds; None for a service without rounds.
        ping: see `Service`.
        ready: whether it works from now on; else it calls `Service.ready` later.
    """
    from importlib.metadata import version

    log_to_stderr_by_default()
    pid = os.getpid()
    state = ServiceState(name, bucket.url, version("cqs-core"), pid, created(pid), every, time.time())
    one = Service(state, ping)
    if folder := os.environ.get(JOB_VARIABLE):
        become_service(Path(folder))
    if ready:
        one.ready()
    try:
        with service(), in_rounds():
            yield one
    finally:
        if one.works:
            one.stops()


wait_option = click.option(
    "--wait-for-bucket",
    "wait",
    metavar="10m",
    help="Wait this long (s, m, h) for a bucket that is not there yet, as after a boot.",
)
ping_option = click.option(
    "--ping", metavar="URL", help="Ask this URL after each round without faults, so that another monitor sees it live."
)


def awaited_bucket(option: str | None, wait: str | None, *, write: bool = False) -> Bucket:
    """The bucket that a service works on, never created; waits for it where the option says so.

    Args:
        option: what `--bucket` says.
        wait: what `--wait-for-bucket` says, such as `10m`.
        write: whether the service writes.

    Raises:
        CqsError: it cannot be used, or still cannot after that time.
    """
    end = time.monotonic() + (duration(wait, "--wait-for-bucket") if wait else 0.0)
    told = False
    while True:
        try:
            bucket = open_bucket(option, write=write, create=False)
            if wait:
                bucket.contact()
        except CqsError as error:
            left = end - time.monotonic()
            if left <= 0:
                raise
            if not told:
                log_to_stderr_by_default()
                LOGGER.warning("waits %.0f s for the bucket: %s", left, error)
            told = True
            notify("EXTEND_TIMEOUT_USEC=30000000", "STATUS=waits for the bucket")
            time.sleep(min(2.0, left))
        else:
            return bucket


def _announce(one: Service) -> None:
    state = one.state
    pace = f", every {state.every:g} s" if state.every else ""
    log_start(state.name, f"of {state.bucket}{pace}", bucket=state.bucket, pid=state.pid)


def log_start(name: str, about: str, **fields: Any) -> None:
    """Log what a command that goes on is: its name, the version, and the settings in force.

    Args:
        name: of it, one word.
        about: the rest of its description, such as `of gs://candles`.
        fields: further ones for the JSON line.
    """
    from importlib.metadata import version

    from cqs_core.config.in_force import setting_warnings, settings_in_force

    log_to_stderr_by_default()
    log, mine = LOGGER.getChild(name), version("cqs-core")
    set_here = [f"{each.name}={each.value} ({each.source})" for each in settings_in_force() if each.source != "default"]
    settings = "; ".join(set_here) or "none, all defaults"
    extra = {"fields": {"version": mine, **fields}}
    log.info("cqs %s %s %s; settings: %s", name, mine, about, settings, extra=extra)
    for warning in setting_warnings():
        log.warning("%s", warning)


def _pinged(url: str) -> str:
    """Ask the URL; what went wrong. The URL may be a secret: only its host is named."""
    from urllib.error import URLError
    from urllib.parse import urlsplit
    from urllib.request import urlopen

    host = urlsplit(url).hostname or "?"
    try:
        with urlopen(url, timeout=_PING_SECONDS):  # noqa: S310 - `checked_ping` allows http and https only
            return ""
    except (URLError, OSError, ValueError) as error:
        fact = getattr(error, "reason", None) or error
        return f"the ping to {host} failed: {fact}"


def checked_prefix(prefix: str) -> str:
    """The path under which a proxy shows the dashboard: empty, or as `/cqs`.

    Raises:
        UsageError: it is not a path of letters, digits and `_.~-`.

    >>> checked_prefix("cqs/"), checked_prefix("/")
    ('/cqs', '')
    """
    path = prefix.strip("/")
    if path and not _PATH.fullmatch(path):
        raise UsageError(f"--prefix {prefix!r} is not a path; write it as /cqs")
    return f"/{path}" if path else ""


def checked_ping(url: str | None) -> str | None:
    """A URL to ping.

    Raises:
        UsageError: it is not one of http or https.
    """
    from urllib.parse import urlsplit

    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise UsageError("--ping wants a URL such as https://hc-ping.com/ID")
    return url
