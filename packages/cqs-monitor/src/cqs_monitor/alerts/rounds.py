"""One round of the watcher, without sending: what is new, what recovered, which deliveries are tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from cqs_core.time.clock import iso
from cqs_monitor.alerts.spans import firings
from cqs_monitor.alerts.state import SentAlert, WatcherState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_monitor.alerts.acknowledgements import Acknowledgement
    from cqs_monitor.alerts.evaluation import Alert
    from cqs_monitor.alerts.rule_reader import Issue
    from cqs_monitor.alerts.rules_file import Rules

MOST_TRIES = 8
_FIRST_WAIT = 30_000  # ms; doubled after each try


class Event(NamedTuple):
    """Something to send.

    Attributes:
        kind: a `repeat` may have arrived before a crash; `again` tries channels that failed.
        key: of the memory.
        sent: what is sent.
    """

    kind: Literal["alert", "repeat", "again", "recovery"]
    key: str
    sent: SentAlert


def note_seen(alerts: Sequence[Alert], memory: WatcherState, now: int) -> None:
    """Note since when violations without a date of their own have been seen."""
    broken = {
        alert.key for alert in alerts if alert.state in ("pending", "silenced", "firing") and not alert.signal.dated
    }
    for key in broken - memory.seen.keys():
        memory.seen[key] = now
    for key in memory.seen.keys() & {alert.key for alert in alerts if _over(alert)}:
        del memory.seen[key]


def events(alerts: Sequence[Alert], memory: WatcherState, now: int) -> Iterator[Event]:
    """The alerts that this round sends. The sender updates the state."""
    known = {alert.key: alert for alert in alerts}
    for key, sent in list(memory.sent.items()):
        yield from _sent_before(key, sent, known.get(key), now)
    for alert in alerts:
        if alert.key in memory.sent or alert.acknowledged is not None:
            continue
        last = memory.last.get(alert.key)
        if alert.state == "firing" and _free(alert, last, now):
            yield Event("alert", alert.key, _alert_of(alert, alert.since or now, now))
        elif alert.state == "ok" and memory.round:
            yield from _missed(alert, memory, last, now)


def _sent_before(key: str, sent: SentAlert, alert: Alert | None, now: int) -> Iterator[Event]:
    states = set(sent.channels.values()) if alert is None or alert.acknowledged is None else set()
    if "sending" in states:
        yield Event("repeat", key, sent)
    elif "failed" in states and sent.again <= now:
        yield Event("again", key, sent)
    if sent.recovered is None and alert is not None and _over(alert) and not _silent(alert, now):
        yield Event("recovery", key, sent)


def _over(alert: Alert) -> bool:
    """Whether the violation is over; where a file is missing, it is not."""
    return alert.state == "ok" and alert.read


def settled(
    known: Mapping[tuple[str, str], Acknowledgement], alerts: Sequence[Alert], issues: Sequence[Issue]
) -> Iterator[tuple[str, str]]:
    """Rule and subject of acknowledgements whose alert is over, or whose rule is gone."""
    current = {(alert.rule.name, alert.subject): alert for alert in alerts}
    for name in known:
        alert = current.get(name)
        if _over(alert) if alert is not None else not issues:
            yield name


def withdrawn(alerts: Sequence[Alert], memory: WatcherState, rules: Rules, issues: Sequence[Issue]) -> Iterator[str]:
    """Keys of alerts whose rules no longer ask for them; alerts of rules with mistakes are kept."""
    known, current = {rule.name: rule for rule in rules.rules}, {alert.key for alert in alerts}
    for key, sent in memory.sent.items():
        rule = known.get(sent.rule)
        if key in current or issues:
            continue
        if rule is None or rule.condition.scope != "account" or (rule.accounts and sent.subject not in rule.accounts):
            yield key


def _missed(alert: Alert, memory: WatcherState, last: int | None, now: int) -> Iterator[Event]:
    """A violation that began and ended between two rounds is sent all the same, once."""
    recent = [span for span in alert.signal.spans if span.end is not None and memory.round < span.end <= now]
    found = [f for f in firings(recent, alert.rule, now, last) if f.at > memory.round and f.until is not None]
    for firing in found[-1:]:
        sent = _alert_of(alert, firing.since, now)
        sent.text = f"it was broken from {iso(firing.since)} to {iso(firing.until or now)} and is over; {sent.text}"
        yield Event("alert", alert.key, sent)


def _free(alert: Alert, last: int | None, now: int) -> bool:
    return last is None or now >= last + alert.rule.cooldown * 1000


def _silent(alert: Alert, now: int) -> bool:
    return alert.rule.silent_until(now) is not None


def _alert_of(alert: Alert, since: int, now: int) -> SentAlert:
    rule = alert.rule
    return SentAlert(alert.title, alert.text, since, now, rule.name, alert.subject, rule.severity)


def wait(tries: int) -> int:
    """Ms until a failed channel is tried again."""
    return int(_FIRST_WAIT * 2 ** min(tries, 7))
