"""What the bar of every page tells of the bots: alerts that fire, and today's PnL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.time.clock import iso_or_none, now
from cqs_monitor.alerts.current import recent_alerts
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Choice, make_report
from cqs_panel import Notice, Status, amount

if TYPE_CHECKING:
    from cqs_core import Bucket
    from cqs_monitor.alerts.evaluation import Alert


def alerts(bucket: Bucket) -> Status:
    """A notice for each alert that fires and that no one has acknowledged."""
    return Status([_notice(one) for one in recent_alerts(bucket).open])


def today(bucket: Bucket) -> Status:
    """Today's realized PnL, in each currency."""
    reading = reader_of(bucket.address).read()
    reports = (make_report(reading, Choice(currency=one), now()) for one in reading.snapshot.currencies)
    return Status(figure=" ".join(amount(one.today, one.convention.currency, signed=True) for one in reports))


def _notice(alert: Alert) -> Notice:
    return Notice(f"{alert.key}\n{iso_or_none(alert.since)}", alert.title, alert.text)
