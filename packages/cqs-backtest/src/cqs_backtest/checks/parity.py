"""Whether two engines executed the same orders alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cqs_core import Execution

TOLERANCE = 1e-9
MOST_CELLS = 20_000
"""Symbol-bars up to which a kept run is confirmed on the reference by itself: half a second of bt."""


@dataclass(frozen=True)
class Parity:
    """The comparison.

    Attributes:
        same: whether fills are identical and equity agrees to `TOLERANCE`.
        difference: the largest relative difference of equity.
        where: the first thing that differs, in words; empty where nothing does.
    """

    same: bool
    difference: float
    where: str = ""


def parity(one: Execution, other: Execution) -> Parity:
    """Compare: bar, symbol and reason of each fill exactly, price to 1e-9, quantities and equity to 1e-9 of equity."""
    scale = np.abs(one.equity)
    differences = np.abs(one.equity - other.equity)
    difference = float(np.max(differences / np.where(scale > 0, scale, 1), initial=0.0))
    where = _fills(one, other)
    if not where and difference > TOLERANCE:
        where = f"equity at bar {int(np.argmax(differences > TOLERANCE * scale))}"
    return Parity(not where, difference, where)


def _fills(one: Execution, other: Execution) -> str:
    a, b = one.fills, other.fills
    n = min(len(a), len(b))
    for name in ("bar", "symbol", "reason"):
        if (bad := a[name][:n] != b[name][:n]).any():
            i = int(np.argmax(bad))
            return f"fill {i}: {name} {a[name][i]} against {b[name][i]}"
    if len(a) != len(b):
        return f"{len(a)} fills against {len(b)}"
    if (bad := np.abs(a["price"] - b["price"]) > TOLERANCE * np.abs(a["price"])).any():
        return f"fill {int(np.argmax(bad))}: price"
    if (bad := np.abs(a["quantity"] - b["quantity"]) * a["price"] > TOLERANCE * np.abs(one.equity[a["bar"]])).any():
        return f"fill {int(np.argmax(bad))}: quantity"
    return ""
