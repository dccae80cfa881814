"""From broken rules to moments of telling."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cqs_monitor.alerts.kinds.churn import Churn
from cqs_monitor.alerts.rule import Rule, read_silence
from cqs_monitor.alerts.spans import Span, at, counted, firings, gaps, lasting, over_steps, value_at

MINUTE = 60_000
HOUR = 60 * MINUTE


def rule(**changes) -> Rule:
    return Rule(name="r", condition=Churn(), cooldown="0s").model_copy(update=changes)


def utc(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


def test_steps_above_a_limit():
    ts, values = np.array([0, 10, 20, 20, 30]), np.array([1.0, 5.0, 6.0, 1.0, 9.0])
    assert over_steps(ts, values, 4) == (Span(10, 20), Span(30, None))
    assert over_steps(ts[:0], values[:0], 4) == ()
    assert over_steps(ts, np.full(5, np.nan), 4) == ()
    assert value_at(ts, values, 20) == 1.0
    assert value_at(ts, values, -1) is None


def test_gaps_last_from_the_limit_until_the_next_event():
    assert gaps(np.array([0, 10, 100, 105]), 20) == (Span(30, 100), Span(125, None))
    assert gaps(np.array([], dtype=np.int64), 20) == ()


def test_events_in_a_trailing_window_go_up_and_down():
    ts, values = counted(np.array([0, 1, 2, 50]), 10)
    assert over_steps(ts, values, 2) == (Span(2, 10),)
    assert values[-1] == 0


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(1, 100))
def test_the_window_counts_what_a_plain_count_counts(events, window):
    ts = np.array(sorted(events), dtype=np.int64)
    edges, values = counted(ts, window)
    for moment in (*ts, *(ts + window)):
        plain = int(((ts > moment - window) & (ts <= moment)).sum())
        assert value_at(edges, values, int(moment)) == plain


def test_events_matter_until_the_next_one():
    assert lasting(np.array([0, 5, 100]), 10) == (Span(0, 5), Span(5, 15), Span(100, 110))


def test_what_lasts_now():
    spans = (Span(0, 10), Span(20, None))
    assert (at(spans, 9), at(spans, 10), at(spans, 25)) == (Span(0, 10), None, Span(20, None))


def test_a_rule_must_be_broken_for_long_enough():
    spans = [Span(0, 5 * MINUTE), Span(HOUR, None)]
    (found,) = firings(spans, rule(hold=600.0), 2 * HOUR)
    assert (found.at, found.since, found.until) == (HOUR + 10 * MINUTE, HOUR, None)
    assert not list(firings(spans, rule(hold=600.0), HOUR + 9 * MINUTE))


def test_the_cooldown_delays_what_lasts_and_drops_what_does_not():
    spans = [Span(0, MINUTE), Span(10 * MINUTE, 11 * MINUTE), Span(50 * MINUTE, 2 * HOUR)]
    found = list(firings(spans, rule(cooldown=3600.0), 3 * HOUR))
    assert [f.at for f in found] == [0, HOUR]


def test_silence_delays_what_lasts_and_drops_what_does_not():
    quiet = rule(silence=read_silence("23:00-07:00 Asia/Seoul"))
    night, morning = utc("2026-01-01T16:00"), utc("2026-01-01T22:00")
    short, long = Span(night, night + HOUR), Span(night + 2 * HOUR, None)
    assert [f.at for f in firings([short, long], quiet, morning + HOUR)] == [morning]


def test_silence_within_a_day_and_over_midnight():
    noon = read_silence("12:00-13:00 UTC")
    assert noon.until(utc("2026-01-01T12:30")) == utc("2026-01-01T13:00")
    assert noon.until(utc("2026-01-01T13:00")) is None
    night = read_silence("23:00-07:00 UTC")
    assert night.until(utc("2026-01-01T23:30")) == utc("2026-01-02T07:00")
    assert night.until(utc("2026-01-01T03:00")) == utc("2026-01-01T07:00")
    assert night.until(utc("2026-01-01T07:00")) is None


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 500)), max_size=20),
    st.integers(0, 900),
    st.integers(0, 900),
)
def test_alerts_are_inside_their_stretch_and_a_cooldown_apart(pairs, hold, cooldown):
    spans, clock = [], 0
    for gap, size in pairs:
        spans.append(Span(clock + gap, clock + gap + size * 1000))
        clock = spans[-1].end + 1
    found = list(firings(spans, rule(hold=float(hold), cooldown=float(cooldown)), clock + 1))
    assert all(f.since + hold * 1000 <= f.at < f.until for f in found)
    assert all(b.at - a.at >= cooldown * 1000 for a, b in itertools.pairwise(found))
