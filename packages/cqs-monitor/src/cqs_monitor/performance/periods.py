"""Realized PnL of each day, week or month, out of that of days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")


def period_frame(
    days: npt.NDArray[np.int64], pnl: Any, curves: Mapping[str, Any], by: Period = "day", last: int | None = None
) -> pd.DataFrame:
    """PnL as `cqs_monitor.pnl` gives it, but without the periods in which nothing was sold.

    Args:
        days: (N,) since 1970-01-01, ascending.
        pnl: (N,) of all accounts on each day.
        curves: cumulative PnL on the same days, by account.
        by: of the periods; weeks begin on Monday.
        last: so many of the newest periods; all by default.

    Returns:
        A column for each account and `total`, indexed by the first day of each period, UTC.
    """
    import pandas as pd

    heads, at = np.unique(_first_days(days, by), return_inverse=True)
    daily = {name: np.diff(curve, prepend=0.0) for name, curve in curves.items()} | {"total": np.asarray(pnl)}
    sums = {name: np.bincount(at, weights=values, minlength=len(heads)) for name, values in daily.items()}
    index = pd.DatetimeIndex(heads.astype("datetime64[D]").astype("datetime64[us]"), tz="UTC", name=by)
    frame = pd.DataFrame(sums, index=index, dtype="float64")
    return frame if last is None else frame.iloc[-last:]


def _first_days(days: npt.NDArray[np.int64], by: Period) -> npt.NDArray[np.int64]:
    if by == "week":
        return days - (days + 3) % 7  # 1970-01-01 was a Thursday
    if by == "month":
        return days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days
