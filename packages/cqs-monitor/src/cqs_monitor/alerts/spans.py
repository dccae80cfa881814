"""When a rule was broken, and when that is sent: after its for-duration, outside of silence, once a cooldown.

Times are ms UTC; a span is `[start, end)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from cqs_monitor.alerts.rule import Rule

    Times = npt.NDArray[np.int64]
    Values = npt.NDArray[np.float64]


class Span(NamedTuple):
    """A stretch; `end` is None while it lasts."""

    start: int
    end: int | None


def over_steps(ts: Times, values: Values, limit: float) -> tuple[Span, ...]:
    """Where a step function is above a limit.

    Args:
        ts: (N,) ascending; a value holds from its time until the next.
        values: (N,); NaN is not above anything.
        limit: exclusive.
    """
    if not len(ts):
        return ()
    last = np.append(ts[1:] != ts[:-1], True)  # of several values at one time the last one holds
    ts, above = ts[last], values[last] > limit
    turns = np.flatnonzero(np.diff(above, prepend=False))
    edges = [int(ts[i]) for i in turns]
    ends: Iterable[int | None] = [*edges[1::2], *([None] if len(edges) % 2 else [])]
    return tuple(Span(start, end) for start, end in zip(edges[::2], ends, strict=True))


def gaps(events: Times, limit: int) -> tuple[Span, ...]:
    """Where nothing happened for longer than `limit` ms: from that moment until the next event."""
    if not len(events):
        return ()
    long = np.flatnonzero(np.diff(events) > limit)
    closed = [Span(int(events[i]) + limit, int(events[i + 1])) for i in long]
    return (*closed, Span(int(events[-1]) + limit, None))


def counted(ts: Times, window: int) -> tuple[Times, Values]:
    """Events in the trailing `window` ms as a step function: up at each event, down when it leaves the window."""
    edges = np.concatenate((ts, ts + window))
    steps = np.concatenate((np.ones(len(ts)), -np.ones(len(ts))))
    order = np.lexsort((steps, edges))
    return edges[order], np.cumsum(steps[order])


def lasting(events: Times, until: int) -> tuple[Span, ...]:
    """Events that each matter until the next one, at most `until` ms."""
    following = np.append(events[1:], np.iinfo(np.int64).max)
    ends = np.minimum(events + until, following)
    return tuple(Span(int(a), int(b)) for a, b in zip(events, ends, strict=True) if a < b)


def at(spans: Iterable[Span], now: int) -> Span | None:
    """The stretch that lasts now; one that ends later than now lasts."""
    return next((s for s in spans if s.start <= now and (s.end is None or now < s.end)), None)


def value_at(ts: Times, values: Values, now: int) -> float | None:
    """The value that holds now; None before the first."""
    place = int(np.searchsorted(ts, now, side="right")) - 1
    return float(values[place]) if place >= 0 and not np.isnan(values[place]) else None


class Firing(NamedTuple):
    """One alert, ms UTC: when it is sent, since when the rule was broken, until when; `until` None while it lasts."""

    at: int
    since: int
    until: int | None


def ripe(span: Span, rule: Rule, now: int) -> int | None:
    """When the stretch lasted long enough to be sent, outside of silence; None where it did not by `now`."""
    at = span.start + int(rule.hold * 1000)
    while (end := rule.silent_until(at)) is not None:
        at = end
    return at if at <= now and (span.end is None or at < span.end) else None


def firings(spans: Iterable[Span], rule: Rule, now: int, last: int | None = None) -> Iterator[Firing]:
    """The alerts that a watcher which never slept would have sent by `now`.

    Args:
        spans: ascending.
        rule: with its for-duration, silence and cooldown.
        now: ms UTC.
        last: when the rule was sent before.
    """
    for span in spans:
        at = ripe(span, rule, now)
        if at is None:
            continue
        free = at if last is None else max(at, last + int(rule.cooldown * 1000))
        while free > at and (end := rule.silent_until(free)) is not None:
            free = end
        if free > now or (span.end is not None and free >= span.end):
            continue
        last = free
        yield Firing(free, span.start, span.end if span.end is not None and span.end <= now else None)
