"""How much of a result is luck: the deflated Sharpe ratio and the probability of backtest overfitting, by ffn.

Bailey and Lopez de Prado, *The Deflated Sharpe Ratio* (2014); Bailey, Borwein, Lopez de Prado and Zhu, *The Probability
of Backtest Overfitting* (2017).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.trading.metrics import YEAR_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.trading import Floats

_BLOCKS = 8
_FEWEST_DAYS = 2 * _BLOCKS


def threshold(sharpes: Floats, days_a_year: int = YEAR_DAYS) -> float:
    """The daily Sharpe ratio that the best of these trials reaches by luck alone.

    Args:
        sharpes: (N,) of all trials, a year.
        days_a_year: by which they were annualized.
    """
    ffn = _ffn()
    spread = float(np.std(sharpes, ddof=1)) / np.sqrt(days_a_year) if len(sharpes) > 1 else 0.0
    return float(ffn.calc_expected_max_sharpe(max(1, len(sharpes)), spread))


def deflated_sharpe(daily: Floats, sharpes: Floats, days_a_year: int = YEAR_DAYS) -> float:
    """The probability that the true Sharpe ratio is above 0, given how many sets were tried; NaN where unknown.

    Args:
        daily: (D,) returns of the chosen set, fractions.
        sharpes: (N,) of all trials, a year.
        days_a_year: by which they were annualized.
    """
    import pandas as pd

    if not len(sharpes):
        return float("nan")
    return float(_ffn().calc_deflated_sharpe_ratio(pd.Series(daily), sharpes, nperiods=days_a_year))


def overfitting(daily: Sequence[Floats]) -> tuple[float, int]:
    """The probability that the best set of one half of the days is below the median in the other half.

    Sets that hold nothing in half of the blocks have no Sharpe there, and are left out.

    Args:
        daily: returns of each set, (D,), on the same days.

    Returns:
        the probability, NaN where fewer than two sets are left, and how many were used.
    """
    import pandas as pd

    used = [values for values in daily if _moves_enough(values)]
    if len(used) < 2:
        return float("nan"), len(used)
    frame = pd.DataFrame(np.column_stack(used))
    return float(_ffn().calc_prob_backtest_overfitting(frame, n_blocks=_BLOCKS)), len(used)


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
