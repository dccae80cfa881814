"""The objective of a search: a metric that should be high or low, among sets that meet requirements."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_core import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from cqs_core.trading import Floats

_LOW = frozenset(
    {
        *("volatility", "downside_volatility", "kurtosis", "longest_drawdown", "recovery_days", "ulcer_index"),
        *("under_water", "open_positions", "longest_loss_streak", "fees_paid", "turnover", "exposure"),
        *("time_in_market", "beta", "correlation", "tracking_error"),
    }
)
"""Metrics of which less is better. Drawdowns and losses are negative: of those, too, the higher one is better."""
_REQUIREMENT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*(-?[\d.]+(?:e-?\d+)?)\s*", re.IGNORECASE)
_COMPARE: dict[str, Callable[[Floats, float], npt.NDArray[np.bool_]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Requirement:
    """A bound that a metric must keep; an unknown one does not."""

    metric: str
    sign: str
    value: float

    def __str__(self) -> str:
        return f"{self.metric}{self.sign}{self.value:g}"

    def met(self, metrics: Mapping[str, Floats]) -> npt.NDArray[np.bool_]:
        """(K,)."""
        return np.asarray(_COMPARE[self.sign](metrics[self.metric], self.value))


@dataclass(frozen=True)
class Objective:
    """A metric, and the requirements that a set must meet to be chosen."""

    metric: str = "sharpe"
    requirements: tuple[Requirement, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """All names that have to be computed."""
        return tuple(dict.fromkeys([self.metric, *(requirement.metric for requirement in self.requirements)]))

    @property
    def lower_is_better(self) -> bool:
        """Whether less of the metric is better."""
        return self.metric in _LOW

    def scores(self, metrics: Mapping[str, Floats]) -> Floats:
        """(K,): higher is better; NaN cannot be chosen."""
        values = metrics[self.metric]
        met = np.logical_and.reduce([np.isfinite(values), *(each.met(metrics) for each in self.requirements)])
        return np.where(met, -values if self.lower_is_better else values, np.nan)


def make_objective(metric: str, requirements: Sequence[str] = ()) -> Objective:
    """The objective as users write it.

    Args:
        metric: its name.
        requirements: such as `num_trades>=30`.

    Raises:
        UsageError: an unknown metric, or no requirement.
    """
    return Objective(_known(metric), tuple(_requirement(text) for text in requirements))


def _requirement(text: str) -> Requirement:
    found = _REQUIREMENT.fullmatch(text)
    try:
        value = float(found[3]) if found else float("nan")
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"--require {text!r} is not a requirement; write it as 'num_trades>=30'")
    return Requirement(_known(found[1]), found[2], value)


def _known(metric: str) -> str:
    if metric not in CONVENTIONS:
        raise UnknownName("metric", metric, CONVENTIONS)
    return metric
