"""How much of a Sharpe ratio may be luck: the more sets were tried, the higher the best one is by chance alone.

Bailey and Lopez de Prado, *The Deflated Sharpe Ratio* (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from cqs_backtest.metrics.conventions import other_versions
from cqs_backtest.trials import Ledger, subject_of_run
from cqs_core import CqsError
from cqs_core.time.clock import parse_moment
from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import ANNUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cqs_core import Bucket

SURE = 0.95
"""The deflated Sharpe ratio that is asked for."""
_USED = ("sharpe", "skew", "kurtosis")
_FEWEST = 4  # days below which kurtosis is unknown


@dataclass(frozen=True)
class Luck:
    """How much of a Sharpe ratio may be luck.

    Attributes:
        sharpe: a year.
        dsr: deflated Sharpe ratio, the probability that the true Sharpe is above 0 given all trials; NaN where unknown,
            and where nothing else was tried.
        trials: sets that were tried on these markets, this interval and overlapping dates, this one included.
        fault: why the trials are not known; empty if they are.
    """

    sharpe: float
    dsr: float
    trials: int
    fault: str = ""

    @property
    def searched(self) -> bool:
        """Whether other sets were tried, or that is not known."""
        return self.trials > 1 or bool(self.fault)

    @property
    def short(self) -> str:
        """For a cell of a table: `12% after 160`; empty where nothing else was tried.

        >>> Luck(1.2, 0.1234, 160).short, Luck(1.2, math.nan, 3).short, Luck(1.2, math.nan, 1).short
        ('12% after 160', 'unknown after 3', '')
        """
        if not self.searched:
            return ""
        chance = "unknown" if math.isnan(self.dsr) else f"{self.dsr:.0%}"
        return chance if self.fault else f"{chance} after {self.trials:,}"

    @property
    def sentence(self) -> str:
        """For people; empty where nothing else was tried.

        >>> Luck(1.2, 0.1234, 160).sentence
        'Deflated Sharpe ratio 12.3% after 160 sets tried here: luck may explain the Sharpe of 1.20 (95% is asked).'
        """
        if self.fault:
            return f"Deflated Sharpe ratio unknown: {self.fault}"
        if not self.searched:
            return ""
        tried = f"{self.trials:,} sets tried here"
        if math.isnan(self.dsr):
            return f"Deflated Sharpe ratio unknown, after {tried}: this one has no Sharpe, or too few days."
        verdict = "luck does not explain" if self.dsr >= SURE else "luck may explain"
        asked = f"{verdict} the Sharpe of {self.sharpe:.2f} ({SURE:.0%} is asked)"
        return f"Deflated Sharpe ratio {self.dsr:.1%} after {tried}: {asked}."

    def row(self) -> dict[str, Any]:
        """`dsr` and `trials`, for programs; null where unknown."""
        return {"dsr": None if math.isnan(self.dsr) else self.dsr, "trials": None if self.fault else self.trials}


def luck_of(made: Mapping[str, Any], ledger: Ledger) -> Luck:
    """The luck of a run, fresh or kept.

    Args:
        made: its manifest.
        ledger: of the bucket in which trials are counted.
    """
    ratio, skew, kurtosis = (_number(made["performance"].get(name)) for name in _USED)
    try:
        tried = ledger.trials(subject_of_run(made))
    except CqsError as error:
        return Luck(ratio, math.nan, 0, str(error))
    except (KeyError, TypeError, ValueError):
        return Luck(ratio, math.nan, 0, "its manifest is damaged")
    if len(tried) < 2 or set(other_versions(made)) & set(_USED):
        return Luck(ratio, math.nan, len(tried))
    days = _days(made)
    chance = deflated(ratio / ANNUAL, *of_sample(skew, kurtosis, days), days, tried.by_luck / ANNUAL)
    return Luck(ratio, chance, len(tried))


def lucks(bucket: Bucket, manifests: Iterable[Mapping[str, Any]]) -> list[Luck]:
    """The luck of several runs, from their manifests, by the ledger of one bucket."""
    ledger = Ledger(bucket)
    return [luck_of(made, ledger) for made in manifests]


def deflated(ratio: float, skew: float, kurtosis: float, days: int, by_luck: float) -> float:
    """The deflated Sharpe ratio; NaN where it is unknown.

    Args:
        ratio: the Sharpe ratio, a day.
        skew: of daily returns, corrected for the size of the sample.
        kurtosis: excess, corrected in the same way.
        days: how many there are.
        by_luck: the Sharpe ratio that the best of all trials reaches by luck, a day.
    """
    variance = 1 - skew * ratio + (kurtosis + 2) / 4 * ratio**2  # of the ratio, times the number of days less 1
    if days < _FEWEST or not variance > 0:
        return math.nan
    return NormalDist().cdf((ratio - by_luck) * math.sqrt((days - 1) / variance))


def of_sample(skew: float, kurtosis: float, days: int) -> tuple[float, float]:
    """Skew and excess kurtosis of a population, corrected for the size of the sample, as pandas computes them."""
    if days < _FEWEST:
        return math.nan, math.nan
    n = days
    return skew * math.sqrt(n * (n - 1)) / (n - 2), (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * kurtosis + 6)


def _days(made: Mapping[str, Any]) -> int:
    """From the first bar's day to the last one's."""
    first, last = ((parse_moment(made[name])[0] - made["day_start"]) // DAY for name in ("first", "last"))
    return int(last - first) + 1


def _number(value: float | None) -> float:
    return math.nan if value is None else value
