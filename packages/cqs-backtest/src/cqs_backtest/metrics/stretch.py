"""Metrics of a stretch of a run, as if it had begun and ended there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_core.trading.metrics import curve_metrics, daily_of, position_numbers, wins, years

if TYPE_CHECKING:
    import pandas as pd

    from cqs_core.trading import Floats
    from cqs_core.trading.metrics import Stamps


def stretch_metrics(
    ts: Stamps,
    equity: Floats,
    trades: pd.DataFrame,
    first: int,
    last: int,
    *,
    capital: float,
    day_start: int,
    interval: str,
) -> dict[str, float]:
    """The metrics of `curve_metrics`, and num_trades, win_rate, profit_factor and final_equity.

    Args:
        ts: (T,) opens of the run's bars, ms UTC.
        equity: (T,) at their closes.
        trades: round trips of the run, as in `trades.parquet`.
        first: opens of the bars of the stretch, ms UTC, both inclusive, as is `last`.
        last: see `first`.
        capital: before the first bar of the run; later stretches begin with the equity before them.
        day_start: ms after 00:00 UTC at which a day begins.
        interval: of the bars.

    Returns:
        Metrics by name; positions count where they were closed. Nothing at all if the stretch has no bar.
    """
    inside = np.flatnonzero((ts >= first) & (ts <= last))
    if not len(inside):
        return {}
    begin = float(equity[inside[0] - 1]) if inside[0] else capital
    stamps, values = ts[inside], equity[inside]
    curve = curve_metrics(values, begin, daily_of(stamps, values, begin, day_start), years(stamps, interval))
    return {**curve, **_positions(trades, first, last), "final_equity": float(values[-1])}


def _positions(trades: pd.DataFrame, first: int, last: int) -> dict[str, float]:
    """Metrics of positions that were closed in the stretch; each counts as a whole."""
    positions = positions_of(trades)
    inside = ~positions["held"] & (positions["end"] >= first) & (positions["end"] <= last)
    pnl, won = (positions[name][inside].to_numpy() for name in ("pnl", "won"))
    gains, losses = pnl[pnl > 0], pnl[pnl < 0]
    counts = len(pnl), won.sum(), len(gains), len(losses)
    found = position_numbers(*counts, 0.0, 0.0, gains.sum(), -losses.sum())
    return {"num_trades": len(pnl), **{name: float(found[name]) for name in ("win_rate", "profit_factor")}}


def positions_of(trades: pd.DataFrame) -> pd.DataFrame:
    """Positions made of round trips: columns begin and end (ms UTC), held (still open: no end), pnl and won.

    Args:
        trades: as in `trades.parquet`.
    """
    import pandas as pd

    marked = trades.assign(held=trades["exit_time"].isna(), paid=_paid(trades))
    positions = marked.groupby("position").agg(
        begin=("entry_time", "min"),
        end=("exit_time", "max"),
        held=("held", "any"),
        pnl=("pnl", "sum"),
        paid=("paid", "sum"),
    )
    with np.errstate(all="ignore"):  # bought for nothing
        pnl = positions["pnl"].to_numpy()
        won = wins(pnl, 100 * pnl / positions["paid"].to_numpy())
    times = {name: pd.DatetimeIndex(positions[name]).as_unit("ms").asi8 for name in ("begin", "end")}
    return positions.assign(held=positions["held"].astype(bool), won=won, **times)


def _paid(trades: pd.DataFrame) -> Floats:
    """The money that went into each round trip, fees included."""
    pnl, pct = trades["pnl"].to_numpy(float), trades["return_pct"].to_numpy(float)
    # one that returned exactly what went in does not tell how its fees were split
    level = trades["quantity"] * trades["entry_price"] + trades["fees"] / 2
    return np.where(pct != 0, 100 * pnl / np.where(pct != 0, pct, 1), level)
