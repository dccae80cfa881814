"""Where the PnL came from: symbols, hours of the day, and how days are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import UsageError
from cqs_monitor.charts.profit import total_of
from cqs_panel.charts import Mode, category_bars, histogram, look

if TYPE_CHECKING:
    import pandas as pd

_MOST = 15


def symbols(
    trades: pd.DataFrame | Mapping[str, float], *, currency: str = "", height: int = 240, mode: Mode = "light"
) -> Any:
    """PnL by symbol, best first; beyond 15 the smallest figures are one bar, `others`.

    Args:
        trades: as `cqs_monitor.trades` gives them, or PnL by symbol.
        currency: of the PnL; that of the trades by default.
        height: in pixels.
        mode: as for `periods`.

    Raises:
        UsageError: nothing was sold, or trades are in several currencies.
    """
    known = dict(trades) if isinstance(trades, Mapping) else _summed(trades, trades["symbol"])
    if not known:
        raise UsageError("there is no PnL by symbol to draw: nothing was sold")
    kept = sorted(known, key=lambda name: -abs(known[name]))[: _MOST - 1 if len(known) > _MOST else _MOST]
    values = {name: known[name] for name in sorted(kept, key=lambda name: -known[name])}
    if len(values) < len(known):
        values["others"] = sum(value for name, value in known.items() if name not in values)
    return category_bars(look(mode), values, unit=currency or _currency(trades), height=height, tilted=len(values) > 5)


def hours(
    trades: pd.DataFrame | Mapping[int, float],
    *,
    zone: str = "UTC",
    currency: str = "",
    height: int = 200,
    mode: Mode = "light",
) -> Any:
    """PnL by the hour of the day in which it was realized.

    Args:
        trades: as `cqs_monitor.trades` gives them, or PnL by hour.
        zone: IANA name, such as Europe/Berlin, of the clock that trades are shown on.
        currency: of the PnL; that of the trades by default.
        height: in pixels.
        mode: as for `periods`.
    """
    known = (
        dict(trades)
        if isinstance(trades, Mapping)
        else _summed(trades, trades["timestamp"].dt.tz_convert(zone).dt.hour)
    )
    values = {f"{hour:02d}": float(known.get(hour, 0.0)) for hour in range(24)}
    return category_bars(look(mode), values, unit=currency or _currency(trades), height=height)


def distribution(pnl: pd.DataFrame, *, bins: int = 60, height: int = 220, mode: Mode = "light") -> Any:
    """How many periods had which PnL, with their mean (dashed) and 5th percentile (dotted).

    Args:
        pnl: as for `periods`; periods without a sale are left out.
        bins: how many at most.
        height: in pixels.
        mode: as for `periods`.

    Raises:
        UsageError: the frame has no column `total`.
    """
    total = total_of(pnl).to_numpy(np.float64)
    unit = f"{(pnl.index.name or 'period')}s".capitalize()
    return histogram(look(mode), total, unit="", of=unit, bins=bins, height=height)


def _currency(trades: pd.DataFrame | Mapping[Any, float]) -> str:
    """The one currency of the trades.

    Raises:
        UsageError: there are several, which cannot be added.
    """
    known = [] if isinstance(trades, Mapping) or "currency" not in trades else sorted(set(trades["currency"]))
    if len(known) > 1:
        raise UsageError(f"the trades are in {' and '.join(known)}; draw one currency at a time")
    return known[0] if known else ""


def _summed(trades: pd.DataFrame, by: Any) -> dict[Any, float]:
    sold = trades["action"] == "SELL"
    return {key: float(value) for key, value in trades["profit"][sold].groupby(by[sold]).sum().items()}
