"""Formats without a header line: columns in an order that their own values confirm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import CandleFormat

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from cqs_core.trading import Floats

OHLCV = ("time", "open", "high", "low", "close", "volume")
_SAMPLE = 200  # rows that are checked
_MOST = 0.95  # of them that must confirm an order
_NEAR = 0.02  # relative, how far money over volume may lie beyond high and low


@dataclass(frozen=True)
class Positional(CandleFormat):
    """A number of columns in an order: the highest price stands where the high should, and so on.

    Attributes:
        name: of the format.
        width: how many columns there are, one of these.
        fields: by position; an empty name is a column that is not needed. `vwap` is a price inside the bar, `money` the
            volume in quote currency, `end` a time after `time`.
        note: see `CandleFormat`.
    """

    name: str = ""
    width: Collection[int] = ()
    fields: Sequence[str] = field(default=OHLCV)
    note: str = ""

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        if not headless or frame.shape[1] not in self.width:
            return None
        found = {name: str(i) for i, name in enumerate(self.fields) if name}
        return found if _confirmed(_head(frame, found)) else None


def _head(frame: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, Floats]:
    import pandas as pd

    head = frame.head(_SAMPLE)
    return {
        name: pd.to_numeric(head[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        for name, column in columns.items()
    }


def _confirmed(have: Mapping[str, Floats]) -> bool:
    """Whether the values of a sample fit an order of columns; values that are not numbers are ignored."""
    prices = np.column_stack([have[name] for name in ("open", "high", "low", "close")])
    rows = np.isfinite(prices).all(axis=1)
    high, low = have["high"], have["low"]
    tests = [(high >= prices.max(axis=1)) & (low <= prices.min(axis=1))]
    if "vwap" in have:
        tests.append((have["volume"] == 0) | ((have["vwap"] >= low) & (have["vwap"] <= high)))
    if "end" in have:
        tests.append(have["end"] > have["time"])
    if "money" in have:
        mean = have["money"] / np.where(have["volume"] > 0, have["volume"], np.nan)
        tests.append(np.isnan(mean) | ((mean > low * (1 - _NEAR)) & (mean < high * (1 + _NEAR))))
    return not rows.any() or all(test[rows].mean() > _MOST for test in tests)
