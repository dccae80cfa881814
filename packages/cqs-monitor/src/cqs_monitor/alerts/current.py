"""All alerts of a bucket as they are now: for pages, commands and the bell; the watcher keeps its own state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.time.clock import now
from cqs_monitor.alerts.acknowledgements import acknowledged
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import evaluate
from cqs_monitor.alerts.rules_file import read_text, rules_of
from cqs_monitor.alerts.state import remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket
    from cqs_monitor.alerts.acknowledgements import Acknowledgement
    from cqs_monitor.alerts.context import Context
    from cqs_monitor.alerts.evaluation import Alert
    from cqs_monitor.alerts.rule_reader import Issue
    from cqs_monitor.alerts.rules_file import Rules
    from cqs_monitor.alerts.state import WatcherState


@dataclass(frozen=True)
class CurrentAlerts:
    """One look at a bucket.

    Attributes:
        rules: in force.
        alerts: one a rule and subject.
        issues: what is wrong with rules.
        accounts: that have logs.
        round: ms UTC of the watcher's last round; 0 where there was none.
        at: ms UTC.
    """

    rules: Rules
    alerts: Sequence[Alert]
    issues: Sequence[Issue]
    accounts: Sequence[str]
    round: int
    at: int

    @property
    def open(self) -> list[Alert]:
        """Alerts that fire and that no one has acknowledged; the latest first, of one moment critical ones first."""
        found = [alert for alert in self.alerts if alert.state == "firing" and alert.acknowledged is None]
        return sorted(found, key=lambda alert: (-(alert.since or 0), _URGENCY[alert.rule.severity]))


_SHARED_FOR = 5_000  # ms
_URGENCY = {"critical": 0, "warning": 1, "info": 2}


def current_alerts(bucket: Bucket) -> CurrentAlerts:
    """Evaluate all rules now. Logs that did not change since the last call in this process are not read again.

    Raises:
        BucketError: the bucket does not answer.
    """
    known = _read(bucket)
    return _evaluated(known, context_of(bucket, now()))


def recent_alerts(bucket: Bucket) -> CurrentAlerts:
    """The same for windows, which all ask: evaluated once for those that ask within 5 s.

    Other logs, rules or acknowledgements, and another round of the watcher, are seen at once.

    Raises:
        BucketError: the bucket does not answer.
    """
    known = _read(bucket)
    context = context_of(bucket, now())
    seen = known.text, known.stored, known.memory.round, tuple(known.acknowledged.items())
    made_of = (context.snapshot, *seen, context.now // _SHARED_FOR)
    return context.figures.once("alerts", lambda: _evaluated(known, context), lasting=made_of)


class _Known(NamedTuple):
    """What a bucket holds about alerts besides the logs."""

    text: str
    stored: bool
    memory: WatcherState
    acknowledged: Mapping[tuple[str, str], Acknowledgement]


def _read(bucket: Bucket) -> _Known:
    return _Known(*read_text(bucket), remembered(bucket), acknowledged(bucket))


def _evaluated(known: _Known, context: Context) -> CurrentAlerts:
    rules, memory = rules_of(known.text, stored=known.stored), known.memory
    alerts, issues = evaluate(rules, context, memory.seen, known.acknowledged)
    return CurrentAlerts(rules, alerts, issues, context.snapshot.accounts, memory.round, context.now)
