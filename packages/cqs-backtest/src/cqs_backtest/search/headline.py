"""The headline metrics of a run as compiled code, for searches that need them thousands of times a second.

Same formulas as `cqs_core.trading.metrics`, which stays the definition: tests compare them to 1e-9.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.compiled import compiled
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_core import REASONS
from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import ANNUAL, FEWEST_LOSSES, LARGEST_POWER, ROUNDING, SHORTEST, Floats, years

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_core import Candles

_REBALANCE = REASONS.index("rebalance")
(FINAL, DEPTH, VOLATILITY, SHARPE, SORTINO, TRADES, WON, WON_PCT, LOST, LOST_PCT, WON_MONEY, LOST_MONEY) = range(12)
SIZE = 12


def last_rows(ts: npt.NDArray[np.int64], day_start: int) -> npt.NDArray[np.int64]:
    """(D,): the last row of each day from the first bar's to the last one's, or the last one before it."""
    day = (ts - day_start) // DAY
    return np.searchsorted(day, np.arange(day[0], day[-1] + 1), side="right") - 1


def headline(sums: Floats, candles: Candles, capital: float) -> dict[str, Floats]:
    """The metrics of `HEADLINE` by name, each (K,), from what `add_up` has written of K runs; unknown is NaN.

    Args:
        sums: (K, SIZE).
        candles: the bars that could trade.
        capital: at the start.
    """
    of = sums.T
    with np.errstate(all="ignore"):
        cagr = _growth(of[FINAL], capital, years(candles.ts, candles.interval))
        found = {
            "total_return": 100 * (of[FINAL] / capital - 1),
            "cagr": 100 * cagr,
            "mdd": 100 * of[DEPTH],
            "volatility": 100 * of[VOLATILITY],
            "sharpe": of[SHARPE],
            "sortino": of[SORTINO],
            "calmar": _ratio(cagr, -of[DEPTH]),
            "num_trades": of[TRADES],
            "win_rate": 100 * _ratio(of[WON], of[TRADES]),
            "avg_win": _ratio(of[WON_PCT], of[WON]),
            "avg_loss": _ratio(of[LOST_PCT], of[LOST]),
            "profit_factor": _factor(of[WON_MONEY], of[LOST_MONEY]),
            "final_equity": of[FINAL],
        }
    return {name: finite(name, found[name]) for name in HEADLINE}


def finite(name: str, values: Floats) -> Floats:
    """These values of a metric, inf as NaN where it is not an answer."""
    return values.copy() if CONVENTIONS[name].unlimited else np.where(np.isinf(values), np.nan, values)


def _growth(final: Floats, capital: float, span: float) -> Floats:
    """See `cqs_core.trading.metrics.growth`."""
    if span < SHORTEST:
        return np.full(len(final), np.nan)
    power = (np.log(final) - math.log(capital)) / span
    return np.where(final <= 0, -1.0, np.where(power < LARGEST_POWER, np.expm1(power), np.nan))


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.where(b > 0, a / b, np.nan)


def _factor(won: Floats, lost: Floats) -> Floats:
    return np.where(lost > 0, won / lost, np.where(won > 0, np.inf, np.nan))


@compiled()
def add_up(equity: Any, fills: Any, count: int, days: Any, capital: float, flows: Any, sums: Any) -> None:
    """Write into `sums` (SIZE,) what the metrics are made of.

    Args:
        equity: (T,).
        fills: dtype `cqs_core.Fill`, of which the first `count` count.
        count: how many.
        days: (D,), see `last_rows`.
        capital: at the start.
        flows: (S, 2) scratch: money in and out of the position that each symbol has.
        sums: see the names at the top.
    """
    sums[:] = 0.0
    sums[FINAL] = equity[-1]
    sums[DEPTH] = _depth(equity, capital)
    _add_days(equity, days, capital, sums)
    _add_positions(fills, count, flows, sums)


@compiled()
def _depth(equity: Any, capital: float) -> float:
    """The deepest drawdown, a fraction of at most 0."""
    high, low = capital, 1.0
    for value in equity:
        high = max(high, value)
        low = min(low, value / high)
    return low - 1.0


@compiled()
def _return(before: float, after: float) -> float:
    return after / before - 1.0 if before > 0.0 else 0.0


@compiled(fastmath={"reassoc", "contract"})
def _add_days(equity: Any, days: Any, capital: float, sums: Any) -> None:
    """Metrics of daily returns; sums may be reordered, so that processors add several numbers at once."""
    n = len(days)
    daily = np.empty(n)
    daily[0] = _return(capital, equity[days[0]])
    for d in range(1, n):
        before = equity[days[d - 1]]
        daily[d] = equity[days[d]] / before - 1.0 if before > 0.0 else 0.0
    total = 0.0
    for d in range(n):
        total += daily[d]
    mean = total / n
    squares, losses, down, most = 0.0, 0, 0.0, 1.0
    for d in range(n):
        value = daily[d]
        apart, lost = value - mean, min(value, 0.0)
        squares += apart * apart
        down += lost * lost
        losses += lost < -ROUNDING
        most = max(most, abs(value))
    sums[VOLATILITY] = math.sqrt(squares / (n - 1)) * ANNUAL if n > 1 else math.nan
    moves = n > 1 and math.sqrt(squares / n) > ROUNDING * most
    sums[SHARPE] = mean / math.sqrt(squares / (n - 1)) * ANNUAL if moves else math.nan
    known = losses >= FEWEST_LOSSES and down > 0.0
    sums[SORTINO] = mean / math.sqrt(down / n) * ANNUAL if known else math.nan


@compiled()
def _add_positions(fills: Any, count: int, flows: Any, sums: Any) -> None:
    """Metrics of closed positions: any sale except a rebalancing closes one."""
    flows[:] = 0.0
    trades, won, won_pct, won_money = 0, 0, 0.0, 0.0
    lost, lost_pct, lost_money = 0, 0.0, 0.0
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
            trades += 1
            won += pnl > 0.0
            lost += pnl < 0.0
            won_pct += pct if pnl > 0.0 else 0.0
            lost_pct += pct if pnl < 0.0 else 0.0
            won_money += max(pnl, 0.0)
            lost_money -= min(pnl, 0.0)
            flows[s, 0] = 0.0
            flows[s, 1] = 0.0
    sums[TRADES], sums[WON], sums[WON_PCT], sums[WON_MONEY] = trades, won, won_pct, won_money
    sums[LOST], sums[LOST_PCT], sums[LOST_MONEY] = lost, lost_pct, lost_money
