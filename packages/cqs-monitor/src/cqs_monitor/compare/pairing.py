"""Pairs the bot's positions with the strategy's, and finds how they differ.

Where cash is short, the first purchase of a bar takes its share and the last one the rest. Candles do not show
which came first, so purchases of one bar are compared sorted by amount, whatever their symbols.
"""

from __future__ import annotations

import bisect
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cqs_monitor.compare.position import Traded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Difference = Literal["late", "early", "size", "price"]
Both = tuple[Traded, Traded]
"""The strategy's position, and the bot's."""


@dataclass(frozen=True)
class Tolerance:
    """Differences that are tolerated.

    Attributes:
        size_pct: percent by which the amount paid may deviate from the usual ratio of bot to strategy.
        price_bps: basis points by which a fill may be worse or better than the strategy's.
        late_minutes: how long after the open of its bar an exit may come; entries within a bar have no time in candles.
    """

    size_pct: float = 10.0
    price_bps: float = 50.0
    late_minutes: float = 30.0


@dataclass(frozen=True)
class Pair:
    """One position, of the strategy and of the bot.

    Attributes:
        expected: the position of the strategy's run.
        live: the bot's position.
        differs: in what they differ, beyond the tolerance.
    """

    expected: Traded
    live: Traded
    differs: tuple[Difference, ...] = ()

    @property
    def entry_bps(self) -> float | None:
        """How much dearer the bot bought, basis points; None where it bought in another bar."""
        if self.live.entry_bar != self.expected.entry_bar:
            return None
        return 1e4 * (self.live.entry_price / self.expected.entry_price - 1)

    @property
    def exit_bps(self) -> float | None:
        """How much cheaper the bot sold, basis points; None where it sold in another bar, or not yet."""
        if self.live.exit_bar is None or self.live.exit_bar != self.expected.exit_bar:
            return None
        return 1e4 * (1 - self.live.exit_price / self.expected.exit_price)


@dataclass(frozen=True)
class Pairing:
    """All positions of both: pairs, those that the bot missed, and those that only the bot had."""

    matched: list[Pair] = field(default_factory=list)
    missed: list[Traded] = field(default_factory=list)
    extra: list[Traded] = field(default_factory=list)


def pair_up(
    expected: Iterable[Traded], live: Iterable[Traded], tolerance: Tolerance, scale: float | None = None
) -> Pairing:
    """Positions opened in one bar belong together; else the first that the bot opened while the strategy held its own.

    Args:
        expected: the strategy's positions, in the order of opening.
        live: the bot's positions, in any order.
        tolerance: beyond which a pair differs.
        scale: usual ratio of the bot's amounts to the strategy's; None takes the median of the pairs.
    """
    rest: dict[str, list[Traded]] = {}
    for done in sorted(live, key=lambda one: one.entry_at):
        rest.setdefault(done.market, []).append(done)
    pairs: list[Both] = []
    missed = _take(expected, rest, pairs, _same_bar)
    missed = _take(missed, rest, pairs, _while_held)
    odd = odd_sizes(pairs, scale or usual_ratio(pairs), tolerance.size_pct / 100)
    matched = [Pair(w, d, tuple(_differences(Pair(w, d), tolerance, i in odd))) for i, (w, d) in enumerate(pairs)]
    extra = sorted((one for found in rest.values() for one in found), key=lambda one: one.entry_at)
    return Pairing(sorted(matched, key=lambda pair: pair.expected.entry_at), missed, extra)


def _take(
    expected: Iterable[Traded],
    rest: dict[str, list[Traded]],
    pairs: list[Both],
    belongs: Callable[[Traded, Traded], bool],
) -> list[Traded]:
    """Move matches from `rest` to `pairs`; returns the strategy's positions without a match."""
    missed = []
    for wanted in expected:
        mine = rest.get(wanted.market, [])
        first = bisect.bisect_left(mine, wanted.entry_bar, key=lambda one: one.entry_bar)
        if first < len(mine) and belongs(wanted, mine[first]):
            pairs.append((wanted, mine.pop(first)))
        else:
            missed.append(wanted)
    return missed


def _same_bar(wanted: Traded, done: Traded) -> bool:
    return wanted.entry_bar == done.entry_bar


def _while_held(wanted: Traded, done: Traded) -> bool:
    return wanted.entry_bar < done.entry_bar and (wanted.exit_bar is None or done.entry_bar < wanted.exit_bar)


def _differences(pair: Pair, tolerance: Tolerance, odd_size: bool) -> Iterable[Difference]:
    if _late(pair, tolerance):
        yield "late"
    if _sooner(pair.live.exit_bar, pair.expected.exit_bar):
        yield "early"
    if odd_size:
        yield "size"
    if any(bps is not None and abs(bps) > tolerance.price_bps for bps in (pair.entry_bps, pair.exit_bps)):
        yield "price"


def _late(pair: Pair, tolerance: Tolerance) -> bool:
    expected, live = pair.expected, pair.live
    if live.entry_bar > expected.entry_bar or _sooner(expected.exit_bar, live.exit_bar):
        return True
    if live.exit_at is None or expected.exit_at is None or live.exit_bar != expected.exit_bar:
        return False
    return live.exit_at - expected.exit_at > tolerance.late_minutes * 60_000


def _sooner(one: int | None, other: int | None) -> bool:
    """Whether an exit comes in an earlier bar than another; None is never."""
    return one is not None and (other is None or one < other)


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
