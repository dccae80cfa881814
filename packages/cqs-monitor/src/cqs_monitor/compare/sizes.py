"""Finds purchases of a different size than the strategy's.

Where cash is short, the first purchase of a bar takes its share and the last one the rest. Candles do not show
which came first, so purchases of one bar are compared sorted by amount, whatever their symbols.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from cqs_monitor.compare.position import Traded

if TYPE_CHECKING:
    from collections.abc import Sequence

Both = tuple[Traded, Traded]
"""The strategy's position, and the bot's."""


def usual_ratio(pairs: Sequence[Both]) -> float:
    """Median ratio of the bot's amounts to the strategy's; 1 without any."""
    return statistics.median(done.amount / wanted.amount for wanted, done in pairs) if pairs else 1.0


def odd_sizes(pairs: Sequence[Both], ratio: float, tolerance: float) -> set[int]:
    """Indices of pairs whose amount, after the ratio, differs by more than the fraction `tolerance`."""
    bars: dict[int, list[int]] = {}
    for index, (expected, _) in enumerate(pairs):
        bars.setdefault(expected.entry_bar, []).append(index)
    odd: set[int] = set()
    for members in bars.values():
        # candles do not say which purchase of a bar came first: the smallest is compared with the smallest
        wanted = sorted(pairs[index][0].amount for index in members)
        by_size = sorted(members, key=lambda index: pairs[index][1].amount)
        for amount, index in zip(wanted, by_size, strict=True):
            if abs(pairs[index][1].amount / (amount * ratio) - 1) > tolerance:
                odd.add(index)
    return odd
