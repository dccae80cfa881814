"""The features of the recommended model, from daily candles; a day's row uses candles up to that day's close.

The trainer gives names and periods, not formulas. These are the plain ones; a report compares their means with those
that the model's scaler remembers, and says where they cannot be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

LEAST = 60
"""Daily candles before the first row."""


def feature_table(candles: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One row a day that has all of them, columns as named.

    Args:
        candles: daily; index UTC ascending; columns close and volume.
        names: in the order of the model.

    Raises:
        UnknownName: a feature that is not known here.
        UsageError: fewer than `LEAST` candles.
    """
    import pandas as pd

    for name in names:
        if name not in FEATURES:
            raise UnknownName("feature", name, FEATURES)
    if len(candles) < LEAST:
        raise UsageError(f"{len(candles)} daily candles; the features need {LEAST}: fetch more")
    columns = {name: FEATURES[name](candles) for name in names}
    return pd.DataFrame(columns, index=candles.index).iloc[LEAST - 1 :].dropna()


def return_20d(candles: pd.DataFrame) -> pd.Series:
    """Close over the close 20 days before, minus 1; a fraction."""
    return candles["close"].pct_change(20, fill_method=None)


def volatility(candles: pd.DataFrame) -> pd.Series:
    """Standard deviation (n-1) of 20 daily returns; a fraction."""
    return candles["close"].pct_change(fill_method=None).rolling(20).std()


def rsi(candles: pd.DataFrame, period: int = 14) -> pd.Series:
    """Relative strength, 0..100, of plain 14-day means of gains and losses; 50 where nothing moved."""
    change = candles["close"].diff()
    gain = change.clip(lower=0).rolling(period).mean()
    loss = (-change.clip(upper=0)).rolling(period).mean()
    total = gain + loss
    return (100 * gain / total.where(total > 0)).where(total != 0, 50.0)


def ma_alignment(candles: pd.DataFrame) -> pd.Series:
    """1 where the 5-, 20- and 60-day means of closes fall in this order, -1 in the opposite one, else 0."""
    fast, middle, slow = (candles["close"].rolling(n).mean() for n in (5, 20, 60))
    up, down = (fast > middle) & (middle > slow), (fast < middle) & (middle < slow)
    return (up.astype(float) - down.astype(float)).where(slow.notna())


def volume_ratio_20(candles: pd.DataFrame) -> pd.Series:
    """Volume over the mean volume of 20 days, this one included."""
    mean = candles["volume"].rolling(20).mean()
    return candles["volume"] / mean.where(mean > 0)


FEATURES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "return_20d": return_20d,
    "volatility": volatility,
    "rsi": rsi,
    "ma_alignment": ma_alignment,
    "volume_ratio_20": volume_ratio_20,
}
