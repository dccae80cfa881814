"""How much of a result is luck: the deflated Sharpe ratio and the probability of backtest overfitting, by ffn.

Bailey and Lopez de Prado, *The Deflated Sharpe Ratio* (2014); Bailey, Borwein, Lopez de Prado and Zhu, *The Probability
of Backtest Overfitting* (2017).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.luck import deflated
from cqs_backtest.search.headline import COMPILED
from cqs_backtest.trials import threshold
from cqs_core.trading.metrics import ANNUAL, YEAR_DAYS, sharpe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core.trading import Floats
    from cqs_core.trading.metrics import Daily

_BLOCKS = 8
_FEWEST_DAYS = 2 * _BLOCKS


def deflated_sharpe(daily: Daily, sharpes: Floats, days_a_year: int = YEAR_DAYS) -> float:
    """The probability that the true Sharpe ratio is above 0, given how many sets were tried; NaN where unknown.

    As ffn computes it, but from the Sharpe ratio of `cqs_core.trading.metrics`: ffn has its own.

    Args:
        daily: of the chosen set.
        sharpes: (N,) of all trials, a year; one that is NaN counts as a trial.
        days_a_year: by which they were annualized.
    """
    return deflated_by(daily, threshold(sharpes / np.sqrt(days_a_year))) if len(sharpes) else float("nan")


def deflated_by(daily: Daily, by_luck: float) -> float:
    """The same, by the Sharpe ratio that luck alone reaches, a day."""
    import pandas as pd

    ratio, returns = sharpe(daily) / ANNUAL, pd.Series(daily.returns)
    if np.isnan(ratio):
        return float("nan")
    moments: Any = returns.skew(), returns.kurt()
    return deflated(ratio, float(moments[0]), float(moments[1]), len(returns), by_luck)


def overfitting(daily: Sequence[Daily]) -> tuple[float, int]:
    """The probability that the best set of one half of the days is below the median in the other half.

    Sets that hold nothing in half of the blocks have no Sharpe there, and are left out.

    Args:
        daily: of each set, on the same days.

    Returns:
        the probability, NaN where fewer than two sets are left, and how many were used.
    """
    import pandas as pd

    used = [each for each in daily if _moves_enough(each.returns)]
    if len(used) < 2:
        return float("nan"), len(used)
    frame = pd.DataFrame(np.column_stack([each.returns for each in used]))
    ratio = COMPILED["sharpe"]  # it is called some ten thousand times

    def metric(column: pd.Series[float]) -> float:
        return ratio(used[0].part(column.index.to_numpy())._replace(returns=np.asarray(column, np.float64)))

    return float(_ffn().calc_prob_backtest_overfitting(frame, n_blocks=_BLOCKS, metric=metric)), len(used)


def _moves_enough(daily: Floats) -> bool:
    if len(daily) < _FEWEST_DAYS:
        return False
    blocks = np.array_split(daily[: len(daily) // _BLOCKS * _BLOCKS], _BLOCKS)
    return sum(bool(block.max() > block.min()) for block in blocks) > _BLOCKS // 2


def _ffn() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its dependencies call old
        import ffn
    return ffn
