"""What the bar of every page tells of the bots: alerts that fire, and today's PnL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.time.clock import iso_or_none, now
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import evaluate
from cqs_monitor.alerts.rules_file import read_rules
from cqs_monitor.alerts.state import remembered
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Choice, make_report
from cqs_panel import Notice, Status, amount

if TYPE_CHECKING:
    from cqs_core import Bucket
    from cqs_monitor.alerts.evaluation import Alert


def firing(bucket: Bucket) -> list[Alert]:
    """Alerts that fire now, the latest first."""
    alerts, _ = evaluate(read_rules(bucket), context_of(bucket, now()), remembered(bucket).seen)
    return sorted((one for one in alerts if one.state == "firing"), key=lambda one: -(one.since or 0))


def alerts(bucket: Bucket) -> Status:
    """A notice for each alert that fires."""
    return Status([_notice(one) for one in firing(bucket)])


def today(bucket: Bucket) -> Status:
    """Today's realized PnL, in each currency."""
    reading = reader_of(bucket.address).read()
    reports = (make_report(reading, Choice(currency=one), now()) for one in reading.snapshot.currencies)
    return Status(figure=" ".join(amount(one.today, one.convention.currency, signed=True) for one in reports))


def _notice(alert: Alert) -> Notice:
    return Notice(f"{alert.key}\n{iso_or_none(alert.since)}", alert.title, alert.text)
