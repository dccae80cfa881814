"""The curves of a backtest that charts draw, and its daily figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cqs_core import UsageError
from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import daily_equity, daily_of, drawdowns

if TYPE_CHECKING:
    from cqs_core.trading.metrics import Daily, Floats, Stamps


class Charted(Protocol):
    """A result, or a kept run: what the charts read of it.

    `ts`, `equity` and `benchmark` are arrays of equal length. Where `equity` is a series indexed by time, `ts` is not
    read.
    """

    @property
    def ts(self) -> Any:
        """int64 (T,), opens of the bars, ms UTC, ascending."""
        ...

    @property
    def equity(self) -> Any:
        """float64 (T,), at the bars' closes."""
        ...

    @property
    def benchmark(self) -> Any:
        """float64 (T,), the benchmark's equity; None if there is none."""
        ...

    @property
    def held(self) -> str:
        """The benchmark's name, for people."""
        ...

    @property
    def capital(self) -> float:
        """Before the first bar."""
        ...

    @property
    def day_start(self) -> int:
        """Ms after 00:00 UTC at which a day begins."""
        ...


@dataclass(frozen=True, eq=False)
class Curve:
    """Arrays of a run that was checked.

    Attributes:
        ts: int64 (T,), ms UTC.
        equity: float64 (T,).
        benchmark: float64 (T,), or None.
        held: name of the benchmark.
        capital: before the first bar.
        day_start: ms after 00:00 UTC.
    """

    ts: Stamps
    equity: Floats
    benchmark: Floats | None
    held: str
    capital: float
    day_start: int

    @property
    def times(self) -> Any:
        """datetime64[ms] (T,)."""
        return self.ts.astype("datetime64[ms]")

    @property
    def drawdown(self) -> Floats:
        """Percent below the highest equity so far, capital included."""
        return 100 * drawdowns(self.equity, self.capital)

    @property
    def days(self) -> tuple[Stamps, Floats]:
        """Starts of days in ms UTC, and the equity at their ends."""
        return daily_equity(self.ts, self.equity, self.day_start)

    @property
    def daily(self) -> Daily:
        """Returns by day."""
        return daily_of(self.ts, self.equity, self.capital, self.day_start)

    @property
    def span(self) -> tuple[float, float, float]:
        """First and last time, and ten bars, in ms."""
        step = float(np.median(np.diff(self.ts))) if len(self.ts) > 1 else float(DAY)
        return float(self.ts[0]), float(self.ts[-1]), 10 * step


def curve_of(run: Charted) -> Curve:
    """The arrays of a result or a kept run.

    Raises:
        UsageError: it has no bars.
    """
    values = np.asarray(run.equity, np.float64)
    if not len(values):
        raise UsageError("there is no equity to draw: the run has no bars")
    index = getattr(run.equity, "index", None)
    ts = np.asarray(run.ts, np.int64) if index is None else np.asarray(index, "datetime64[ms]").astype(np.int64)
    beside = None if run.benchmark is None else np.asarray(run.benchmark, np.float64)
    return Curve(ts, values, beside, run.held, float(run.capital), int(run.day_start))
