"""Many ranges at once mean what they mean one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cqs_core.lake.ranges import subtract, union
from cqs_core.lake.spans import Spans

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)).map(lambda r: (r[0], r[0] + r[1])), max_size=8)


def pairs(spans):
    return list(zip(spans.starts.tolist(), spans.ends.tolist(), strict=True))


@given(RANGES)
def test_their_union_is_that_of_the_pairs(ranges):
    assert pairs(Spans.of(ranges)) == union(ranges)


@given(RANGES)
def test_between_them_is_what_is_left_of_the_whole(ranges):
    spans = Spans.of(ranges)
    whole = (int(spans.starts[0]), int(spans.ends[-1])) if len(spans) else (0, 0)
    assert pairs(spans.between()) == subtract(whole, ranges)


@given(RANGES, RANGES)
def test_they_hold_what_has_nothing_left_without_them(ranges, others):
    asked = Spans.of(others)
    assert Spans.of(ranges).contain(asked).tolist() == [not subtract(pair, ranges) for pair in pairs(asked)]


@given(RANGES, st.sets(st.integers(0, 80)))
def test_those_that_hold_a_stamp_are_touched(ranges, ts):
    spans = Spans.of(ranges)
    told = spans.touched(np.array(sorted(ts), np.int64)).tolist()
    assert told == [any(low <= at < high for at in ts) for low, high in pairs(spans)]


@given(RANGES, RANGES)
def test_they_share_what_is_not_left_without_them(ranges, others):
    asked = Spans.of(others)
    left = [sum(high - low for low, high in subtract(pair, ranges)) for pair in pairs(asked)]
    whole = (asked.ends - asked.starts).tolist()
    assert Spans.of(ranges).shared(asked).tolist() == [all_ - rest for all_, rest in zip(whole, left, strict=True)]
