"""bt itself, imported without its warnings and without the statistics that we compute ourselves."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # bt and ffn warn about their own pandas calls at import
    import bt

__all__ = ["QuietBacktest", "bt"]


class _NoStatistics:
    def calc_perf_stats(self) -> None:
        """Does nothing: `Backtest.run` would have ffn compute 60 unused metrics, annualized with 252 days."""


class QuietBacktest(bt.Backtest):  # type: ignore[misc]
    """A backtest that ends with its last bar."""

    def _compute_stat_prices(self) -> Any:
        return _NoStatistics()
