"""Range arithmetic, as sets of moments would do it."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cqs_core.lake.ranges import subtract, union

ranges = st.tuples(st.integers(0, 30), st.integers(0, 30))
many = st.lists(ranges, max_size=8)


def moments(*given_ranges):
    return {at for start, end in given_ranges for at in range(start, end)}


@given(many)
def test_a_union_covers_the_same_and_is_tidy(some):
    merged = union(some)
    assert moments(*merged) == moments(*some)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(merged))


@given(ranges, many)
def test_what_is_left_is_what_no_range_covers(asked, some):
    left = subtract(asked, some)
    assert moments(*left) == moments(asked) - moments(*some)
    assert left == union(left)
