"""Arithmetic of half-open ranges `[start, end)` of int ms UTC; a list of them is sorted, disjoint and not touching."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Range = tuple[int, int]


def union(ranges: Iterable[Range]) -> list[Range]:
    """All that any of the ranges covers; empty ranges count for nothing.

    >>> union([(5, 9), (1, 3), (3, 4)])
    [(1, 4), (5, 9)]
    """
    merged: list[Range] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def subtract(asked: Range, covered: Iterable[Range]) -> list[Range]:
    """The parts of `asked` outside all covered ranges.

    >>> subtract((0, 10), [(2, 3), (8, 20)])
    [(0, 2), (3, 8)]
    """
    left: list[Range] = []
    at, stop = asked
    for start, end in union(covered):
        if at < min(start, stop):
            left.append((at, min(start, stop)))
        at = max(at, end)
    return [*left, (at, stop)] if at < stop else left
