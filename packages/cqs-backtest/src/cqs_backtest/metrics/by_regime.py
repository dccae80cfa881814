"""What a run earned in each regime: days and positions sorted by what was known when they began."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cqs_backtest.metrics.stretch import positions_of
from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import daily_of, max_drawdown, sharpe

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pandas as pd

    from cqs_backtest.record import Record
    from cqs_core.trading.metrics import Floats, Stamps

UNKNOWN = "not known"
_FRESH = 2 * DAY  # after its close a regime counts for so long, where no newer one is known


class RegimeDays(NamedTuple):
    """The regime of each day of a market.

    Attributes:
        opens: int64 (N,), opens of the days, ms UTC, ascending.
        names: (N,) their regimes, each known at the close of its day.
    """

    opens: Stamps
    names: npt.NDArray[np.object_]

    @classmethod
    def of(cls, days: pd.Series[str]) -> RegimeDays:
        """Those of a series by day, as `cqs_monitor.regimes` returns it."""
        import pandas as pd

        index = pd.DatetimeIndex(days.index)
        index = index.tz_localize("UTC") if index.tz is None else index
        return cls(index.as_unit("ms").asi8, np.array([str(name) for name in days], dtype=object))

    def known_at(self, ts: Stamps) -> npt.NDArray[np.object_]:
        """The regime of the last day that was closed at each time (ms UTC); `UNKNOWN` where there is none of late."""
        if not len(self.opens):
            return np.full(len(ts), UNKNOWN, dtype=object)
        closes = self.opens + DAY
        at = np.searchsorted(closes, ts, side="right") - 1
        late = (at < 0) | (ts - closes[np.maximum(at, 0)] >= _FRESH)
        names: npt.NDArray[np.object_] = self.names[np.maximum(at, 0)]
        names[late] = UNKNOWN
        return names


class RegimeResult(NamedTuple):
    """A run in one regime.

    Attributes:
        regime: its name.
        days: of the run in it.
        share: percent of all days.
        total_return: percent, the returns of these days compounded.
        benchmark_return: the same of the benchmark.
        sharpe: of these days; NaN where they do not tell.
        mdd: percent, the max drawdown of these days joined into one curve.
        num_trades: positions that were opened in it and are closed.
        win_rate: percent of them; NaN where there are none.
        pnl: of them, quote currency.
    """

    regime: str
    days: int
    share: float
    total_return: float
    benchmark_return: float
    sharpe: float
    mdd: float
    num_trades: int
    win_rate: float
    pnl: float


def by_regime(run: Record, known: RegimeDays) -> list[RegimeResult]:
    """The run in each regime, the one with most days first.

    A day counts in the regime that was known when it began, and a position in the one that was known at its entry.
    """
    daily = daily_of(run.ts, run.equity, run.capital, run.day_start)
    held = daily_of(run.ts, run.benchmark, run.capital, run.day_start).returns
    names = known.known_at(daily.days)
    positions = positions_of(run.trades.to_pandas())
    closed = positions[~positions["held"]]
    entered = known.known_at(closed["begin"].to_numpy())
    found = []
    for regime in _commonest(names, entered):
        rows, mine = names == regime, closed[entered == regime]
        inside = daily.part(rows)
        grown: Floats = np.cumprod(1 + inside.returns, dtype=np.float64)
        won = float(mine["won"].mean()) if len(mine) else math.nan
        found.append(
            RegimeResult(
                regime,
                int(rows.sum()),
                100 * float(rows.mean()),
                _compounded(inside.returns),
                _compounded(held[rows]),
                sharpe(inside),
                100 * float(max_drawdown(grown, 1.0)) if len(grown) else 0.0,
                len(mine),
                100 * won,
                float(mine["pnl"].sum()),
            )
        )
    return found


def growth_by_regime(
    ts: Stamps, equity: Floats, capital: float, day_start: int, known: RegimeDays
) -> tuple[Stamps, dict[str, Floats]]:
    """Opens of days (D,), and by regime the return so far (D,) in percent of its days alone: elsewhere it stays."""
    daily = daily_of(ts, equity, capital, day_start)
    names = known.known_at(daily.days)
    grown: dict[str, Floats] = {}
    for name in _commonest(names):
        steps: Floats = np.where(names == name, 1 + daily.returns, 1.0)
        grown[name] = 100 * (np.cumprod(steps, dtype=np.float64) - 1)
    return daily.days, grown


def _commonest(*names: npt.NDArray[np.object_]) -> list[str]:
    """Each name once: the commonest of the first array first, what is not known last."""
    first = names[0].tolist()
    every: Iterable[str] = dict.fromkeys(name for each in names for name in each.tolist())
    return sorted(every, key=lambda name: (name == UNKNOWN, -first.count(name), name))


def _compounded(values: Floats) -> float:
    return 100 * float(np.prod(1 + values) - 1)
