"""The bars at which the check cuts: spread over the whole run, in the warm-up, and where the run traded."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Candles

LONG = 20_000
"""Bars above which a cut sees no more than `_AHEAD` bars after it, and fewer cuts are made: each costs what it sees."""
_AHEAD = 5_000
_NEAR = 64
_EARLY = 20_000
_UNITS = ("D", "W", "M")


@dataclass(frozen=True)
class Cut:
    """Where one look is taken.

    Attributes:
        bar: row whose open is the last thing that is known.
        rows: how many candles the strategy is given, those after the bar included.
        traded: whether it lies where the run traded: there one future, the opposite of what came, may do.
    """

    bar: int
    rows: int
    traded: bool = False


def cuts(candles: Candles, bought: npt.NDArray[np.int64], sold: npt.NDArray[np.int64], seed: int) -> list[Cut]:
    """Ascending; one a bar.

    Args:
        candles: warm-up included.
        bought: rows in which the run bought.
        sold: rows in which it sold on a signal.
        seed: of the random choice.
    """
    random, size = np.random.default_rng(seed), len(candles.ts)
    many = size <= LONG
    found = {t: Cut(t, _rows(t, size)) for t in [*_early(size, random), *_spread(candles, 6 if many else 4, random)]}
    for rows, most in ((bought, 3 if many else 2), (sold, 2 if many else 1)):
        some = np.unique(rows)
        for t in random.choice(some, min(most, len(some)), replace=False).tolist():
            found[t] = Cut(t, min(size, t + 1 + _NEAR), traded=True)
    return sorted(found.values(), key=lambda cut: cut.bar)


def _rows(bar: int, size: int) -> int:
    return size if size <= LONG else min(size, bar + 1 + _AHEAD)


def _early(size: int, random: np.random.Generator) -> Iterator[int]:
    """In the first tenth, closer to one another the earlier: warm-ups have any length."""
    last = min(size // 10, _EARLY)
    if last > 1:
        edges = np.geomspace(1, last, 6)
        for low, high in itertools.pairwise(edges):
            yield int(random.uniform(low, high))


def _spread(candles: Candles, parts: int, random: np.random.Generator) -> Iterator[int]:
    """One in each part of the run, the last one in its last tenth, inside an open day, week and month in turn."""
    size = len(candles.ts)
    edges = np.linspace(0, size, parts + 1).astype(int)
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        first = max(int(low), size * 9 // 10) if i == parts - 1 else int(low)
        if high > first:
            inside = first + np.flatnonzero(_inside(candles.ts, first, int(high), _UNITS[i % len(_UNITS)]))
            yield int(random.choice(inside)) if len(inside) else int(random.integers(first, high))


def _inside(ts: npt.NDArray[np.int64], first: int, stop: int, unit: Any) -> npt.NDArray[np.bool_]:
    """Which of these bars lie in the same day, week or month as the bars before and after them."""
    around = ts[max(first - 1, 0) : stop + 1].astype("datetime64[ms]").astype(f"datetime64[{unit}]")
    same = around[1:] == around[:-1]
    before = same if first > 0 else np.append(False, same)
    after = np.append(same, False) if first == 0 else np.append(same[1:], False)
    return np.asarray(before[: stop - first] & after[: stop - first])
