"""The headline metrics of a run for searches, which need them thousands of times a second.

Formulas are those of `cqs_core.trading.metrics`: the daily ones compiled, the others applied to the sums of many runs.
Drawdown, daily returns and the sums over positions are computed here once more, compiled; a test compares them with
those of a single run. What a win is, `wins` says, which is not compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.compiled import compiled
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_core import REASONS
from cqs_core.trading.metrics import FORMULAS, Daily, Floats, curve_numbers, last_rows, position_numbers, wins, years

if TYPE_CHECKING:
    from cqs_core import Candles
    from cqs_core.trading.metrics import Stamps

_REBALANCE = REASONS.index("rebalance")
(FINAL, DEPTH, TRADES, WON, GAINS, LOSSES, GAINS_PCT, LOSSES_PCT, GAINED, LOST) = range(10)
_FIRST_DAILY = 10
SIZE = _FIRST_DAILY + len(FORMULAS)
# Sums may be reordered, so that processors add several numbers at once.
COMPILED = {name: compiled(fastmath={"reassoc", "contract"})(formula) for name, formula in FORMULAS.items()}


class Days:
    """The days of runs on the same bars, and room for their returns."""

    def __init__(self, ts: Stamps, day_start: int) -> None:
        days, self._rows = last_rows(ts, day_start)
        self._closed = np.zeros((2, 0))
        self._daily = Daily(days, np.zeros(len(days)), np.diff(self._rows, prepend=-1) > 0)

    def add_up(self, equity: Floats, fills: Any, count: int, capital: float, flows: Floats, sums: Floats) -> None:
        """Write into `sums` (SIZE,) what the metrics of a run are made of.

        Args:
            equity: (T,).
            fills: dtype `cqs_core.Fill`, of which the first `count` count.
            count: how many.
            capital: at the start.
            flows: (S, 2) scratch: money in and out of the position that each symbol has.
            sums: see the names at the top, and the daily metrics after them.
        """
        if self._closed.shape[1] < count:
            self._closed = np.zeros((2, count))
        add_up(equity, fills, count, self._rows, capital, flows, self._closed, self._daily.returns, sums)
        sums[WON] = np.count_nonzero(wins(*self._closed[:, : int(sums[TRADES])]))
        for at, formula in enumerate(COMPILED.values(), _FIRST_DAILY):
            sums[at] = formula(self._daily)


def headline(sums: Floats, candles: Candles, capital: float) -> dict[str, Floats]:
    """The metrics of `HEADLINE` by name, each (K,), from what `Days.add_up` has written of K runs; unknown is NaN.

    Args:
        sums: (K, SIZE).
        candles: the bars that could trade.
        capital: at the start.
    """
    of = sums.T
    with np.errstate(all="ignore"):
        found = {
            **curve_numbers(of[FINAL], of[DEPTH], capital, years(candles.ts, candles.interval)),
            **dict(zip(COMPILED, of[_FIRST_DAILY:], strict=True)),
            "num_trades": of[TRADES],
            **position_numbers(*of[TRADES:_FIRST_DAILY]),
            "final_equity": of[FINAL],
        }
    return {name: finite(name, found[name]) for name in HEADLINE}


def finite(name: str, values: Floats) -> Floats:
    """These values of a metric, inf as NaN where it is not an answer."""
    return values.copy() if CONVENTIONS[name].unlimited else np.where(np.isinf(values), np.nan, values)


@compiled()
def add_up(
    equity: Any, fills: Any, count: int, rows: Any, capital: float, flows: Any, closed: Any, returns: Any, sums: Any
) -> None:
    """Write all but wins and daily metrics into `sums`; also each closed position, and the returns of days."""
    sums[:] = 0.0
    sums[FINAL] = equity[-1]
    sums[DEPTH] = _depth(equity, capital)
    _write_returns(equity, rows, capital, returns)
    _add_positions(fills, count, flows, closed, sums)


@compiled()
def _depth(equity: Any, capital: float) -> float:
    """The deepest drawdown, a fraction of at most 0."""
    high, low = capital, 1.0
    for value in equity:
        high = max(high, value)
        low = min(low, value / high)
    return low - 1.0


@compiled()
def _write_returns(equity: Any, rows: Any, capital: float, returns: Any) -> None:
    before = capital
    for d in range(len(rows)):
        after = equity[rows[d]]
        returns[d] = after / before - 1.0 if before > 0.0 else 0.0
        before = after


@compiled()
def _add_positions(fills: Any, count: int, flows: Any, closed: Any, sums: Any) -> None:
    """Closed positions, profit and percent, and their sums: any sale except a rebalancing closes one."""
    flows[:] = 0.0
    trades, gains, gains_pct, gained = 0, 0, 0.0, 0.0
    losses, losses_pct, lost = 0, 0.0, 0.0
    for n in range(count):
        fill = fills[n]
        s, money = fill["symbol"], fill["quantity"] * fill["price"] + fill["fee"]
        if fill["quantity"] > 0.0:
            flows[s, 0] += money
            continue
        flows[s, 1] -= money
        if fill["reason"] != _REBALANCE:
            pnl = flows[s, 1] - flows[s, 0]
            pct = 100.0 * pnl / flows[s, 0]
            closed[0, trades] = pnl
            closed[1, trades] = pct
            trades += 1
            gains += pnl > 0.0
            losses += pnl < 0.0
            gains_pct += pct if pnl > 0.0 else 0.0
            losses_pct += pct if pnl < 0.0 else 0.0
            gained += max(pnl, 0.0)
            lost -= min(pnl, 0.0)
            flows[s, 0] = 0.0
            flows[s, 1] = 0.0
    sums[TRADES], sums[GAINS], sums[GAINS_PCT], sums[GAINED] = trades, gains, gains_pct, gained
    sums[LOSSES], sums[LOSSES_PCT], sums[LOST] = losses, losses_pct, lost
