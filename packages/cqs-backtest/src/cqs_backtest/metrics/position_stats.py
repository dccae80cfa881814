"""Statistics of positions and holdings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import SHORTEST, Floats, years

if TYPE_CHECKING:
    from cqs_core import RunResult
    from cqs_core.trading import Trades

_NAN = float("nan")


def position_numbers(result: RunResult) -> dict[str, float]:
    """Statistics of closed positions, and `open_positions`; unknown is NaN."""
    closed = result.closed
    gain, pct = closed["pnl"] > 0, closed["return_pct"]
    held = (result.candles.ts[closed["exit"]] - result.candles.ts[closed["entry"]]) / DAY
    in_time = np.argsort(closed["exit"], kind="stable")
    return {
        "open_positions": len(result.positions) - len(closed),
        "payoff": _payoff(closed),
        "expectancy": _mean(pct),
        "best_trade": float(pct.max()) if len(pct) else _NAN,
        "worst_trade": float(pct.min()) if len(pct) else _NAN,
        "longest_win_streak": _streak(gain[in_time]),
        "longest_loss_streak": _streak(~gain[in_time]),
        "avg_holding_days": _mean(held),
        "avg_mae": _mean(closed["mae_pct"]),
        "avg_mfe": _mean(closed["mfe_pct"]),
    }


def money_numbers(result: RunResult) -> dict[str, float]:
    """Fees, turnover, and the share of equity that was invested."""
    fills, equity = result.execution.fills, result.execution.equity
    value = np.abs(fills["quantity"]) * fills["price"]
    span, mean = years(result.candles.ts, result.candles.interval), float(np.mean(equity))
    return {
        "fees_paid": float(fills["fee"].sum()),
        "turnover": 100 * float(value.sum()) / 2 / mean / span if span >= SHORTEST and mean > 0 else _NAN,
        "exposure": 100 * float(np.mean(holdings(result) / equity)),
        "time_in_market": 100 * float(np.mean(holdings(result) > 0)),
    }


def holdings(result: RunResult) -> Floats:
    """(T,): value of open positions at each bar's close, quote currency."""
    rows, columns = result.candles.shape
    change = np.zeros((rows, columns))
    fills = result.execution.fills
    # Not `change[...] += …`, which would count only one of several fills in the same bar and symbol.
    np.add.at(change, (fills["bar"], fills["symbol"]), fills["quantity"])
    held = np.cumsum(change, axis=0)
    held[np.abs(held) < 1e-12 * np.abs(change).max(axis=0, initial=0)] = 0  # what rounding leaves after an exit
    value: Floats = np.nansum(held * _filled(result.candles.close), axis=1)
    return value


def _filled(close: Floats) -> Floats:
    """Closes carried over missing bars."""
    # The row of the last close so far: a running maximum of row numbers, 0 where there is no close.
    last = np.maximum.accumulate(np.where(np.isnan(close), 0, np.arange(len(close))[:, None]), axis=0)
    return np.asarray(np.take_along_axis(close, last, axis=0))


def _payoff(closed: Trades) -> float:
    pnl = closed["pnl"]
    gains, losses = pnl[pnl > 0], pnl[pnl < 0]
    return float(gains.mean() / -losses.mean()) if len(gains) and len(losses) else _NAN


def _streak(hits: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hits, [False]]).astype(np.int8)))
    return int(np.max(edges[1::2] - edges[::2], initial=0))


def _mean(x: Floats) -> float:
    return float(np.mean(x)) if len(x) else _NAN
