"""True regimes: the regime of a day by the return of the next 20 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

HORIZON = 20
"""Days ahead."""

THRESHOLD = 0.02
"""Fraction that the return must exceed to be a trend."""

BULL, BEAR, SIDEWAYS, NOT_BULL, HIGH_VOL = "BULL_TREND", "BEAR_TREND", "SIDEWAYS", "NOT_BULL", "HIGH_VOL"
_KNOWN = ({BULL, NOT_BULL}, {BULL, BEAR, SIDEWAYS}, {BULL, BEAR, SIDEWAYS, HIGH_VOL})


def realised(close: pd.Series, classes: Sequence[str]) -> pd.Series:
    """The label of each day, in the words of `classes`; missing for the last 20 days.

    HIGH_VOL is never realised: the return says nothing of it.

    Raises:
        UsageError: undefined classes.
    """
    if set(classes) not in _KNOWN:
        raise UsageError(
            f"the model's classes are {', '.join(classes)}; "
            "known are BULL_TREND with NOT_BULL, or with BEAR_TREND and SIDEWAYS"
        )
    import numpy as np
    import pandas as pd

    ahead = close.shift(-HORIZON) / close - 1
    below = NOT_BULL if NOT_BULL in classes else BEAR
    between = NOT_BULL if NOT_BULL in classes else SIDEWAYS
    labels = np.select([ahead > THRESHOLD, ahead < -THRESHOLD], [BULL, below], between)
    return pd.Series(labels, close.index, dtype=object).where(ahead.notna(), None)
