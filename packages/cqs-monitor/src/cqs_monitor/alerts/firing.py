"""From stretches in which a rule was broken to the moments at which it tells: for-duration, silence, cooldown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cqs_monitor.alerts.rule import Rule
    from cqs_monitor.alerts.spans import Span


class Firing(NamedTuple):
    """One alert, ms UTC: when it is told, since when the rule was broken, until when; `until` None while it lasts."""

    at: int
    since: int
    until: int | None


def ripe(span: Span, rule: Rule, now: int) -> int | None:
    """When the stretch lasted long enough to be told, outside of silence; None where it did not by `now`."""
    at = span.start + int(rule.hold * 1000)
    while rule.silence is not None and (end := rule.silence.until(at)) is not None:
        at = end
    return at if at <= now and (span.end is None or at < span.end) else None


def firings(spans: Iterable[Span], rule: Rule, now: int, last: int | None = None) -> Iterator[Firing]:
    """The alerts that a watcher which never slept would have sent by `now`.

    Args:
        spans: ascending.
        rule: with its for-duration, silence and cooldown.
        now: ms UTC.
        last: when the rule was told before.
    """
    for span in spans:
        at = ripe(span, rule, now)
        if at is None:
            continue
        free = at if last is None else max(at, last + int(rule.cooldown * 1000))
        while free > at and rule.silence is not None and (end := rule.silence.until(free)) is not None:
            free = end
        if free > now or (span.end is not None and free >= span.end):
            continue
        last = free
        yield Firing(free, span.start, span.end if span.end is not None and span.end <= now else None)
