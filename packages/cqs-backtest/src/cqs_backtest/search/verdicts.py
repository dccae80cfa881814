"""What the figures of a search mean: one sentence and one judgment for each, the same on pages and terminals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Judgment = Literal["good", "care", "bad", ""]
SURE = 0.95
"""The deflated Sharpe ratio that is asked for."""
_LUCKY, _COIN = 0.25, 0.5  # probabilities of overfitting: some, and as good as none known


@dataclass(frozen=True)
class Verdict:
    """One figure and what it says.

    Attributes:
        name: of the figure.
        figure: as text.
        judgment: whether it speaks for the strategy; empty where it does neither.
        text: one sentence: what the figure means, and what follows.
    """

    name: str
    figure: str
    judgment: Judgment
    text: str


def of_sweep(result: Mapping[str, Any]) -> Iterator[Verdict]:
    """The verdicts on a finished sweep.

    Args:
        result: see the specification of `result.json`.
    """
    if result["best"] is None:
        yield Verdict("Best set", "none", "bad", "No set meets the requirements: loosen them, or widen the ranges.")
        return
    yield of_trials(result["trials"], result["luck_sharpe"], result["best"].get("sharpe"))
    yield of_deflated_sharpe(result["dsr"], result["trials"])
    yield of_overfitting(result["pbo"])
    if (badges := result.get("badges")) and badges["lookahead"] != "ok":
        where = badges.get("lookahead_where") or "it could not be ruled out"
        yield Verdict("Look-ahead", badges["lookahead"], "bad", f"The best set may use the future: {where}.")


def of_trials(trials: int, luck: float | None, sharpe: float | None) -> Verdict:
    """How many sets were tried, and what the best of so many reaches by luck."""
    if luck is None or sharpe is None or math.isnan(sharpe) or math.isnan(luck):
        return Verdict("Trials", f"{trials:,}", "", "So many sets were tried so far, each counted once.")
    judgment: Judgment = "good" if sharpe > luck else "bad"
    than = "above" if sharpe > luck else "not above"
    text = f"The best of so many sets reaches Sharpe {luck:.2f} by luck; the best one here has {sharpe:.2f}, {than} it."
    return Verdict("Trials", f"{trials:,}", judgment, text)


def of_deflated_sharpe(dsr: float | None, trials: int) -> Verdict:
    """Whether the best Sharpe is more than luck."""
    name = "Deflated Sharpe ratio"
    if dsr is None or math.isnan(dsr):
        return Verdict(name, "unknown", "", "There are too few days or trades to tell skill from luck.")
    meaning = f"The probability that there is skill, given {trials:,} trials"
    if dsr >= SURE:
        return Verdict(name, f"{dsr:.1%}", "good", f"{meaning}: more than luck explains.")
    return Verdict(name, f"{dsr:.1%}", "bad", f"{meaning}: below {SURE:.0%}, luck may explain it.")


def of_overfitting(pbo: float | None) -> Verdict:
    """How often the best set of one half of the days is poor in the other half."""
    name = "Probability of overfitting"
    if pbo is None or math.isnan(pbo):
        return Verdict(name, "unknown", "", "There are too few days or sets to compare halves of the days.")
    meaning = "How often the best set of one half of the days is below the median in the other half"
    if pbo <= _LUCKY:
        return Verdict(name, f"{pbo:.0%}", "good", f"{meaning}: rarely, the choice carries over.")
    judgment: Judgment = "care" if pbo < _COIN else "bad"
    told = "often, so expect less than the best set shows" if pbo < _COIN else "no better than a coin toss"
    return Verdict(name, f"{pbo:.0%}", judgment, f"{meaning}: {told}.")
