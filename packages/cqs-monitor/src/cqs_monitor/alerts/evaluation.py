"""All rules of a bucket, evaluated: one row a rule and subject. Nothing is sent here."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from cqs_core import BucketUnavailable, CqsError, UsageError, settings
from cqs_core.isolation import foreign
from cqs_core.time.clock import iso, iso_or_none
from cqs_monitor.alerts.fields import shown
from cqs_monitor.alerts.rule_reader import Issue
from cqs_monitor.alerts.spans import Span, at, firings
from cqs_monitor.models.evaluation.evaluate import daily_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_monitor.alerts.acknowledgements import Acknowledgement
    from cqs_monitor.alerts.context import Context
    from cqs_monitor.alerts.kind import Signal
    from cqs_monitor.alerts.rule import Rule
    from cqs_monitor.alerts.rules_file import Rules
    from cqs_monitor.alerts.spans import Firing

State = Literal["ok", "pending", "silenced", "firing", "unknown"]


@dataclass(frozen=True)
class Alert:
    """The state of one rule for one subject now.

    Attributes:
        rule: as it was written.
        subject: an account, a market, or empty for the whole bot.
        state: `pending` is broken, but not for long enough; `unknown` where the value is not known.
        signal: behind it.
        since: ms UTC, when it was broken; None where it is not, or where no file and no watcher says.
        read: whether every file that it needs was there and was read.
        currency: of the account, for amounts of money.
        acknowledged: by whom, and when; None where no one did.
    """

    rule: Rule
    subject: str
    state: State
    signal: Signal
    since: int | None = None
    read: bool = True
    currency: str = ""
    acknowledged: Acknowledgement | None = None

    @property
    def key(self) -> str:
        return key_of(self.rule, self.subject)

    @property
    def title(self) -> str:
        where = f"{self.subject}: " if self.subject else ""
        return f"[{self.rule.severity}] {where}{self.rule.name}"

    @property
    def text(self) -> str:
        kind = self.rule.condition
        value, limit = (shown(one, kind.unit(), self.currency) for one in (self.signal.value, self.rule.over))
        compared = f"{value}" if kind.unit() == "names" else f"{value}, over {limit}"
        return f"{kind.about}: {compared}" + (f" ({self.signal.note})" if self.signal.note else "")

    def json(self) -> dict[str, Any]:
        units = {"duration": "s", "money": self.currency}
        unit = self.rule.condition.unit()
        over = list(self.rule.over) if isinstance(self.rule.over, tuple) else self.rule.over
        return {
            "rule": self.rule.name,
            "account": self.subject or None,
            "severity": self.rule.severity,
            "state": self.state,
            "since": iso_or_none(self.since),
            "value": self.signal.value,
            "threshold": over,
            "unit": units.get(unit, unit),
            "kind": self.rule.kind,
            "note": self.signal.note or None,
            "silenced": self.rule.silenced_until
            and {"until": iso(self.rule.silenced_until), "by": self.rule.silenced_by or None},
            "acknowledged": self.acknowledged and {"at": iso(self.acknowledged.at), "by": self.acknowledged.by or None},
        }


def evaluate(
    rules: Rules,
    context: Context,
    seen: Mapping[str, int] | None = None,
    known: Mapping[tuple[str, str], Acknowledgement] | None = None,
) -> tuple[list[Alert], list[Issue]]:
    """Every rule now, and what is wrong with rules as they stand against this bucket.

    Args:
        rules: in force.
        context: of one moment.
        seen: since when a watcher sees what has no date of its own, by `Alert.key`.
        known: acknowledgements, by rule and subject.
    """
    issues = list(rules.issues)
    alerts: list[Alert] = []
    for rule in rules.rules:
        try:
            alerts += [_alert(rule, name, context, seen or {}) for name in subjects(rule, context, issues)]
        except BucketUnavailable:  # one file that cannot be read is the fault of a rule; this is not
            raise
        except Exception as error:  # noqa: BLE001 - one rule must not take the others down
            reason = str(error) if isinstance(error, CqsError) else f"{type(error).__name__}: {error}"
            issues.append(Issue(rule.line, f"it could not be evaluated: {reason}", rule.name))
    return [_with(alert, known or {}, context.now) for alert in alerts], issues


def _with(alert: Alert, known: Mapping[tuple[str, str], Acknowledgement], moment: int) -> Alert:
    """The alert with its acknowledgement, if that is about this violation."""
    found = known.get((alert.rule.name, alert.subject))
    lasts = alert.state in ("pending", "silenced", "firing")
    return replace(alert, acknowledged=found) if lasts and found and found.covers(alert.since, moment) else alert


def subjects(rule: Rule, context: Context, issues: list[Issue]) -> Sequence[str]:
    """The subjects of a rule; unknown accounts are reported as mistakes."""
    if rule.condition.scope == "bot":
        return [""]
    if rule.condition.scope == "account":
        return list(_accounts(rule, context.snapshot.accounts, issues))
    return [daily_series(None, name).market for name in getattr(rule.condition, "market", ("BTC",))]


def _accounts(rule: Rule, known: Sequence[str], issues: list[Issue]) -> Iterator[str]:
    if not rule.accounts:
        yield from known
    for name in rule.accounts:
        if name in known:
            yield name
            continue
        near = difflib.get_close_matches(name, known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known[:12]) or 'none yet'}"
        issues.append(Issue(rule.line, f"unknown account {name!r}; {advice}", rule.name))


def _alert(rule: Rule, subject: str, context: Context, seen: Mapping[str, int]) -> Alert:
    with foreign():
        signal = rule.condition.measure(context, subject)
    form = context.snapshot.formats.get(subject)
    currency = form.currency if form else ""
    span = at(signal.spans, context.now)
    if span is None:
        read = signal.read and subject not in context.snapshot.unread
        state: State = "unknown" if signal.value is None else "ok"
        return Alert(rule, subject, state, signal, read=read, currency=currency)
    since: int | None = span.start
    if not signal.dated:
        since = seen.get(key_of(rule, subject))
        span = Span(span.start if since is None else min(since, span.start), span.end)
    return Alert(rule, subject, _state(rule, span, context.now), signal, since, currency=currency)


def key_of(rule: Rule, subject: str) -> str:
    """Names an alert in the watcher's memory."""
    return f"{rule.name}\n{subject}"


def _state(rule: Rule, span: Span, now: int) -> State:
    if span.start + rule.hold * 1000 > now:
        return "pending"
    if rule.silent_until(now) is not None:
        return "silenced"
    return "firing"


@dataclass(frozen=True)
class Past:
    """What a rule would have done in `[start, end)`, ms UTC.

    Attributes:
        rule: that was tried.
        signals: by subject; their steps and spans may begin before `start`.
        fired: subject and alert, by time.
    """

    rule: Rule
    start: int
    end: int
    signals: Mapping[str, Signal]
    fired: Sequence[tuple[str, Firing]]

    def json(self) -> dict[str, Any]:
        rows = [_fired(subject, one) for subject, one in self.fired]
        asked = {"rule": self.rule.name, "start": iso_or_none(self.start), "end": iso_or_none(self.end)}
        return {**asked, "times": len(rows), "fired": rows, "timezone": settings().timezone}


def tried(rule: Rule, context: Context, start: int, end: int) -> Past:
    """When the rule would have fired in `[start, end)`, ms UTC.

    Raises:
        UsageError: files keep no past for this kind, or the account is unknown.
    """
    past = rule.condition.past
    if past is not True:
        raise UsageError(f"rule {rule.name!r} cannot be tried on the past: {past}")
    issues: list[Issue] = []
    signals: dict[str, Signal] = {}
    fired: list[tuple[str, Firing]] = []
    until = min(end, context.now)
    for name in subjects(rule, context, issues):
        signals[name] = rule.condition.measure(context, name)
        fired += [(name, one) for one in fired_between(rule, signals[name], start, until)]
    if issues:
        raise UsageError(str(issues[0]))
    return Past(rule, start, until, signals, sorted(fired, key=lambda found: found[1].at))


def fired_between(rule: Rule, signal: Signal, start: int, end: int) -> Iterator[Firing]:
    """When the rule fired for the subject of a signal in `[start, end)`, ms UTC."""
    spans = [span for span in signal.spans if span.start < end]
    return (one for one in firings(spans, rule.unsilenced(), end - 1) if one.at >= start)


def _fired(subject: str, one: Firing) -> dict[str, Any]:
    times = {"at": iso_or_none(one.at), "since": iso_or_none(one.since), "until": iso_or_none(one.until)}
    return {"account": subject or None, **times}
