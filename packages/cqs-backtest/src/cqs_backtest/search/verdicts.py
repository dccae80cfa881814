"""The meaning of the figures of a search: one sentence and one judgment for each, the same on all pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cqs_backtest.luck import SURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Judgment = Literal["good", "care", "bad", ""]
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
    text = f"The best of so many sets reaches Sharpe {luck:.2f} by luck; this one has {sharpe:.2f}, {than} it."
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
    text = "often, so expect less than the best set shows" if pbo < _COIN else "no better than a coin toss"
    return Verdict(name, f"{pbo:.0%}", judgment, f"{meaning}: {text}.")


def of_walk_forward(result: Mapping[str, Any]) -> Iterator[Verdict]:
    """The verdicts on a finished walk-forward.

    Args:
        result: see the specification of its `result.json`.
    """
    yield _efficiency(result["efficiency"])
    share, windows = result["consistency"], len(result["windows"])
    earned = f"{round(share * windows)} of {windows}"
    judgment: Judgment = "good" if share >= _MOSTLY else "care" if share >= _COIN else "bad"
    text = "The choice earned in so many of the windows on which it was tried"
    yield Verdict("Windows that earned", earned, judgment, f"{text}: {_CONSISTENT[judgment]}.")
    tried = of_deflated_sharpe(result["dsr"], result["trials"])
    yield Verdict("Deflated Sharpe ratio, tried", tried.figure, tried.judgment, f"On days not seen. {tried.text}")


def _efficiency(value: float | None) -> Verdict:
    name = "Walk-forward efficiency"
    if value is None or math.isnan(value):
        return Verdict(name, "unknown", "bad", "The sets that were chosen lost already while they were chosen.")
    meaning = "Growth on days that the choice had not seen, over growth while it was chosen"
    judgment: Judgment = "good" if value >= _HALF else "care" if value > 0 else "bad"
    values = {"good": "most of it carries over", "care": "little of it carries over", "bad": "it was overfitted"}
    return Verdict(name, f"{value:.2f}", judgment, f"{meaning}: {values[judgment]}.")


def of_montecarlo(found: Mapping[str, Any]) -> Iterator[Verdict]:
    """The verdicts on Monte Carlo, by the days drawn anew; or by the trades, if there are too few days.

    Args:
        found: as `cqs backtest montecarlo --json` gives it.
    """
    part = found.get("bootstrap") or found.get("resample")
    if not part or part["cagr"]["low"] is None:
        yield Verdict("Monte Carlo", "unknown", "", "The run has too few days and trades to draw them anew.")
        return
    low, middle, high = (part["cagr"][name] for name in ("low", "median", "high"))
    judgment: Judgment = "good" if low > 0 else "care" if middle > 0 else "bad"
    values = {
        "good": "even a poor draw earns",
        "care": "luck decides whether it earns",
        "bad": "a usual draw loses",
    }
    yield Verdict(
        "CAGR, nine draws of ten",
        f"{low:.0f} to {high:.0f} %",
        judgment,
        f"The growth of nine in ten curves whose days were drawn anew: {values[judgment]}.",
    )
    ruin = part["ruin"]
    judged: Judgment = "good" if ruin <= _RARE else "care" if ruin <= 5 * _RARE else "bad"
    level = found.get("options", {}).get("ruin", 0.5)
    yield Verdict(
        "Ruin", f"{ruin:.1%}", judged, f"The share of these curves that fall below {level:.0%} of the capital."
    )


def of_permutation(found: Mapping[str, Any]) -> Verdict:
    """Whether entries are better than random ones.

    Args:
        found: as `cqs backtest permute --json` gives it.
    """
    value = found["p_value"]
    meaning = "The probability that random entries with the same holding times do as well"
    if value <= 1 - SURE:
        return Verdict("p-value of the entries", f"{value:.3f}", "good", f"{meaning}: these are better than chance.")
    text = f"{meaning}: these cannot be told from chance ({1 - SURE:.2f} is asked)."
    return Verdict("p-value of the entries", f"{value:.3f}", "bad", text)


def of_stress(found: Mapping[str, Any]) -> Verdict:
    """How many conditions turn the gain into a loss, and which one is worst.

    Args:
        found: as `cqs backtest stress --json` gives it.
    """
    returns = [row["total_return"] for row in found["rows"] if row["total_return"] is not None]
    base = found["base"]["total_return"] or 0
    broken = sum(value <= 0 < base for value in returns)
    judgment: Judgment = "bad" if base <= 0 else "good" if not broken else "care"
    weakest = f"{found['weakest'][:1].upper()}{found['weakest'][1:]}"
    return Verdict("Stress", f"{broken} of {len(returns)} break it", judgment, f"{weakest}.")


_HALF, _MOSTLY, _RARE = 0.5, 0.6, 0.01
_CONSISTENT = {"good": "it is steady", "care": "as often as a coin would", "bad": "it lost more often than it earned"}
