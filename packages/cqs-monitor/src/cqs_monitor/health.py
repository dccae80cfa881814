"""The part of bots in `cqs health`: the age of each log, the heartbeat, and who watches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cqs_core import Health
from cqs_core.time.clock import iso
from cqs_monitor.alerts.lease import newest
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.performance.bot_signs import changes_in
from cqs_monitor.performance.reader import reader_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Bucket


def bots(bucket: Bucket) -> Iterator[Health]:
    """When each account's log last changed, and the bot's heartbeat; no trade is read for that."""
    snapshot, now = reader_of(bucket.address).logs.signs(), time.time()
    for folder, fact in snapshot.faults.items():
        yield Health(f"folder {folder}/", "failed", f"cannot be listed: {fact}")
    for account, changed in changes_in(snapshot).items():
        at = changed or 0
        yield Health(f"log of {account}", "ok", f"changed {iso(at)[:19]}Z", now - at / 1000)
    heartbeat = snapshot.heartbeat
    if heartbeat.at is not None:
        yield Health("heartbeat", "ok", f"{iso(heartbeat.at)[:19]}Z", now - heartbeat.at / 1000)
    elif snapshot.accounts:
        yield Health("heartbeat", "warning", f"is {heartbeat.state}")


def watcher(bucket: Bucket) -> Iterator[Health]:
    """Who has the lease of the alert watcher, where there are rules."""
    if not bucket.exists(KEY):
        return
    _, holder, until = newest(bucket)
    left = until - time.time()
    if left > 0:
        yield Health("watcher", "ok", f"{holder} has the lease for {left:.0f} s more", left)
    else:
        fact = "there are alert rules, and no watcher has the lease; start `cqs monitor watch`"
        yield Health("watcher", "warning" if bucket.demo else "failed", fact, left)  # a demo starts none
