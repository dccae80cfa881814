"""Bars that were left out of a derived series, since not all of their shorter candles are known, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_core.lake.resampling import bar_ends
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core.lake.object_names import Series
    from cqs_core.lake.spans import Spans
    from cqs_core.trading.candles import Stamps

REASONS = {
    "never_fetched": "never fetched (`cqs data repair` asks for them)",
    "not_in_file": "not in the imported files (import them with --absent no-trade if nothing was traded then)",
    "refused": "refused when they came (`cqs data gaps`, data/quarantine)",
}


class LeftOut(NamedTuple):
    """The bars of a series that were left out.

    Attributes:
        series: whose bars.
        source: interval of the candles that are missing.
        opens: of these bars, ms UTC, ascending; at least one.
        reasons: str (N,), why each was left out, of `REASONS`.
    """

    series: Series
    source: str
    opens: Stamps
    reasons: npt.NDArray[np.str_]

    def counts(self) -> Mapping[str, int]:
        """Bars by reason, the most common first."""
        names, bars = np.unique(self.reasons, return_counts=True)
        return {str(names[i]): int(bars[i]) for i in np.argsort(-bars, kind="stable")}

    def since(self, start: int) -> LeftOut | None:
        """Those that open at `start` (ms UTC) or later; None if there are none."""
        later = self.opens >= start
        return self._replace(opens=self.opens[later], reasons=self.reasons[later]) if later.any() else None

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "symbol": self.series.market,
            "bars": len(self.opens),
            "first": iso(int(self.opens[0])),
            "last": iso(int(self.opens[-1])),
            "source": self.source,
            "reasons": dict(self.counts()),
            "note": str(self),
        }

    def __str__(self) -> str:
        one = len(self.opens) == 1
        bars, their = ("1 bar is", "its") if one else (f"{len(self.opens):,} bars are", "their")
        counts = self.counts()
        why = "; ".join((f"{n:,} " if len(counts) > 1 else "") + REASONS[name] for name, n in counts.items())
        first = f"the first at {iso(int(self.opens[0]))[:16]} UTC"
        lack = f"the lake does not have all of {their} {self.source} candles"
        return f"{bars} left out of {self.series}, {first}: {lack}: {why}"


def reasons_of(interval: str, opens: Stamps, day_start: int, kept: Spans, refused: Stamps) -> npt.NDArray[np.str_]:
    """Why bars are incomplete.

    Args:
        interval: of the bars.
        opens: of the bars, ms UTC.
        day_start: see `resampling`.
        kept: ranges of all stored objects, of files whether they have every candle or not.
        refused: opens of candles that came and were not stored, ms UTC, sorted.
    """
    ends = bar_ends(interval, opens, day_start)
    reasons = np.full(len(opens), "not_in_file", dtype="U13")
    bars = type(kept)(opens, ends)
    reasons[bars.touched(refused)] = "refused"
    reasons[~kept.contain(bars)] = "never_fetched"
    return reasons
