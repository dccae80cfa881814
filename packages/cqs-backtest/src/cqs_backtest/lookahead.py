"""Finds strategies that peek: change everything of bar t but its open, and the orders up to t must stay.

Eight cuts: half at entries of the run, the rest at random, one of them in the last tenth. It can miss a rule that
peeks in some bars only; what it names, peeks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core.candles import FIELDS
from cqs_core.strategy import orders_of
from cqs_core.times import iso

if TYPE_CHECKING:
    from cqs_core import Candles, Orders, Strategy

_CUTS = 8
_LONG = (
    200_000  # bars from which all cuts but one come from the first `_EARLY`: a cut costs as much as what lies before it
)
_EARLY = 20_000
_EPSILON = 1e-9


@dataclass(frozen=True)
class Peek:
    """An order that changed when what it could not know was changed.

    Attributes:
        ts: open of the bar, ms UTC.
        symbol: of the order.
        order: its name, `enter`.
    """

    ts: int
    symbol: str
    order: str

    def __str__(self) -> str:
        return f"{self.order} of {self.symbol} at {iso(self.ts)} changed with what lay ahead of its open"


def find_peek(strategy: Strategy, candles: Candles, entries: npt.NDArray[np.int64], seed: int = 0) -> Peek | None:
    """The first order that is found to depend on its own bar, or on later ones; None where none is.

    Args:
        strategy: whose `orders` are made once on all candles and once for each cut.
        candles: warm-up included.
        entries: rows of `candles` in which the run bought something.
        seed: of the random cuts.
    """
    whole = orders_of(strategy, candles)
    for t in cuts(len(candles.ts), entries, seed):
        cut = mirrored(candles, t)
        peek = _changed(whole, orders_of(strategy, cut), candles, cut)
        if peek is not None:
            return peek
    return None


def cuts(rows: int, entries: npt.NDArray[np.int64], seed: int) -> list[int]:
    """Rows at which to cut, ascending."""
    random = np.random.default_rng(seed)
    limit = _EARLY if rows > _LONG else rows
    early = np.unique(entries[entries < limit])
    chosen = random.choice(early, min(_CUTS // 2, len(early)), replace=False).tolist() if len(early) else []
    chosen += random.integers(limit // 10, limit, _CUTS - len(chosen) - 1).tolist()
    chosen.append(int(random.integers(rows * 9 // 10, rows)))
    return sorted({int(t) for t in chosen})


def mirrored(candles: Candles, t: int) -> Candles:
    """Rows up to `t`, of which the last keeps its open alone: what rose falls, what fell rises; references likewise."""
    cut = _mirror_last(candles.between(0, t + 1))
    ts = int(candles.ts[t])
    seen = {}
    for market, reference in candles.references.items():
        rows = int(np.searchsorted(reference.ts, ts, side="right"))
        known = reference.between(0, rows)
        at_bar = rows > 0 and int(reference.ts[rows - 1]) == ts
        seen[market] = (_mirror_last(known) if at_bar else known).with_values(rows=cut.ts)
    return cut.with_values(references=seen)


def _mirror_last(candles: Candles) -> Candles:
    values = {name: getattr(candles, name).copy() for name in FIELDS}
    open_ = values["open"][-1]
    rose = ~(values["close"][-1] <= open_)
    values["close"][-1] = np.where(rose, open_ * 0.55, open_ * 1.9)
    values["high"][-1] = np.where(rose, open_ * 1.01, open_ * 2.1)
    values["low"][-1] = np.where(rose, open_ * 0.5, open_ * 0.99)
    values["volume"][-1] = values["volume"][-1] * 7 + 1
    return candles.with_values(**values)


def _changed(whole: Orders, cut: Orders, candles: Candles, shorter: Candles) -> Peek | None:
    rows = len(shorter.ts)
    if whole.max_cash != cut.max_cash:
        return Peek(int(shorter.ts[-1]), candles.symbols[0], "max_cash")
    for field in fields(whole):
        if field.name == "max_cash" or (getattr(whole, field.name) is None and getattr(cut, field.name) is None):
            continue
        one = whole.array(field.name, candles.shape)[:rows]
        other = cut.array(field.name, shorter.shape)
        if (bad := ~_same(one, other)).any():
            t, s = np.argwhere(bad)[-1]
            return Peek(int(shorter.ts[t]), candles.symbols[s], field.name)
    return None


def _same(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    if one.dtype == np.bool_:
        return np.asarray(one == other)
    scale = np.maximum(np.abs(one), np.abs(other))
    close = (one == other) | (np.abs(one - other) <= _EPSILON * scale)
    return np.asarray(close | (np.isnan(one) & np.isnan(other)))
