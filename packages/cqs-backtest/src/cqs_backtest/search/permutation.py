"""Permutation test: whether the entries are better than random ones with the same exposure and holding times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.search.histogram import histogram
from cqs_core import UsageError
from cqs_core.trading import OPEN

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_core import RunResult
    from cqs_core.trading import Floats

    Ints = npt.NDArray[np.int64]

_FEWEST = 5


def permutation_test(result: RunResult, *, samples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """Random entries of each symbol hold as many positions, each as long as one of the run's; none overlap.

    A random position is bought at an open and sold at the open so many bars later, or at the close of its own bar, with
    fee and slippage. The statistic is the mean log return of positions.

    Args:
        result: of the run.
        samples: how many times the entries are drawn.
        seed: of these.

    Returns:
        `positions`, `mean_return` (percent), `random_mean` and `random_95` (mean and 95th percentile of the samples,
        percent), `p_value` (share of samples that are at least as good, the run itself counted as one), `samples`,
        `seed`, `histogram` (`edges` and `counts` of the samples, percent).

    Raises:
        UsageError: too few closed positions to say anything.
    """
    closed = result.closed
    if len(closed) < _FEWEST:
        raise UsageError(f"the run has {len(closed)} closed positions; {_FEWEST} are needed to test its entries")
    actual = float(np.mean(np.log1p(np.maximum(closed["return_pct"] / 100, -1 + 1e-12))))
    random = np.random.default_rng(seed)
    total = np.zeros(samples)
    for symbol in np.unique(closed["symbol"]):
        total += _random_sums(result, int(symbol), random, samples)
    drawn = total / len(closed)
    better = int(np.count_nonzero(drawn >= actual))
    return {
        "positions": len(closed),
        "mean_return": 100 * float(np.expm1(actual)),
        "random_mean": 100 * float(np.expm1(drawn.mean())),
        "random_95": 100 * float(np.expm1(np.quantile(drawn, 0.95))),
        "p_value": (1 + better) / (1 + samples),
        "samples": samples,
        "seed": seed,
        "histogram": histogram(100 * np.expm1(drawn)),
    }


def _random_sums(result: RunResult, symbol: int, random: np.random.Generator, samples: int) -> Floats:
    """(samples,): the sum of log returns of this symbol's random positions."""
    candles, costs = result.candles, result.costs
    here = candles.present[:, symbol]
    open_, close = candles.open[here, symbol], candles.close[here, symbol]
    row = np.cumsum(here) - 1  # of each bar among those of the symbol
    own = result.positions[result.positions["symbol"] == symbol]
    own = own[own["exit"] != OPEN]
    lengths = row[own["exit"]] - row[own["entry"]]
    starts, held = random_places(lengths, len(open_), random, samples)
    out = np.where(held > 0, open_[np.minimum(starts + held, len(open_) - 1)], close[starts])
    factor = (1 - costs.slip) * (1 - costs.fee) / ((1 + costs.slip) * (1 + costs.fee))
    found: Floats = np.sum(np.log(out / open_[starts] * factor), axis=1)
    return found


def random_places(lengths: Ints, bars: int, random: np.random.Generator, samples: int) -> tuple[Ints, Ints]:
    """Where positions of these lengths lie when they are put anywhere, in any order, without sharing a bar.

    Args:
        lengths: (K,) bars from entry to exit; 0 is a position of one bar.
        bars: in which they have to fit.
        random: from which places and order come.
        samples: how many times.

    Returns:
        first bar and length of each, both (samples, K).
    """
    held = random.permuted(np.tile(lengths, (samples, 1)), axis=1)
    taken = np.maximum(held, 1)
    free = max(0, bars - int(np.maximum(lengths, 1).sum()))
    gaps = np.sort(random.integers(0, free + 1, held.shape), axis=1)
    before = np.cumsum(taken, axis=1) - taken
    return gaps + before, held
