"""The win rate: what a win is, in code and in words. All packages take both from here, for backtests and for bots.

If you change the rule, change its words and raise the version. Average win and loss, profit factor, payoff and streaks
do not follow: they are of gains and losses, profits above and below 0.
"""

from __future__ import annotations

from typing import Any

from cqs_core.trading.metrics.convention import POSITIONS, Convention

WINS = "that returned more money than went in"
"""The rule in words, after what is counted."""
WIN_RATE = Convention("win_rate", "Win rate", "%", f"share of closed positions {WINS}, fees included", POSITIONS)


def wins(profit: Any, return_pct: Any) -> Any:  # noqa: ARG001 - for a rule that depends on what a position cost
    """Which closed positions, or sales of a bot, are wins.

    Args:
        profit: (N,) money out less money in, quote currency.
        return_pct: (N,) the same in percent of the money in; NaN or inf where that is 0.

    Returns:
        (N,) bool.
    """
    return profit > 0
