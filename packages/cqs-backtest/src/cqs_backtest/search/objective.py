"""The objective of a search: metrics that should be high or low, among sets that meet requirements."""

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
_LEAST = 1e-9
"""By which a requirement is missed at least: `>` is missed by an equal value, too."""
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

    def missed_by(self, metrics: Mapping[str, Floats]) -> Floats:
        """(K,): how far each is from what is required, as a share of that; 0 where it is met, 1 where it is unknown."""
        apart = np.abs(metrics[self.metric] - self.value) / max(1.0, abs(self.value))
        return np.where(self.met(metrics), 0.0, np.nan_to_num(apart, nan=1.0, posinf=1.0) + _LEAST)


@dataclass(frozen=True)
class Objective:
    """The metrics that are looked for, and the requirements that a set must meet to be chosen.

    Attributes:
        metric: by which the best set is chosen.
        requirements: all of them must be met.
        others: more metrics. With them the answer has a Pareto set: no set is better in one without being worse in
            another.
    """

    metric: str = "sharpe"
    requirements: tuple[Requirement, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def goals(self) -> tuple[str, ...]:
        """All metrics that are looked for."""
        return (self.metric, *self.others)

    @property
    def metrics(self) -> tuple[str, ...]:
        """All names that have to be computed."""
        return tuple(dict.fromkeys([*self.goals, *(requirement.metric for requirement in self.requirements)]))

    @property
    def lower_is_better(self) -> bool:
        """Whether less of the first metric is better."""
        return self.metric in _LOW

    @staticmethod
    def sign(metric: str) -> int:
        """-1 for a metric of which less is better, else 1."""
        return -1 if metric in _LOW else 1

    def signed(self, metrics: Mapping[str, Floats]) -> Floats:
        """(K, M) of all metrics, whatever is required: higher is better, NaN is unknown."""
        return np.column_stack([self.sign(name) * metrics[name] for name in self.goals])

    def scores(self, metrics: Mapping[str, Floats]) -> Floats:
        """(K,) of the first metric: higher is better; NaN cannot be chosen."""
        return self.all_scores(metrics)[:, 0]

    def all_scores(self, metrics: Mapping[str, Floats]) -> Floats:
        """(K, M) of all metrics: higher is better; rows of NaN cannot be chosen."""
        table = self.signed(metrics)
        met = np.logical_and.reduce(
            [np.isfinite(table).all(axis=1), *(each.met(metrics) for each in self.requirements)]
        )
        return np.where(met[:, None], table, np.nan)


def make_objective(metrics: str | Sequence[str], requirements: Sequence[str] = ()) -> Objective:
    """The objective as users write it.

    Args:
        metrics: a name, or several.
        requirements: such as `num_trades>=30`.

    Raises:
        UsageError: an unknown metric, one that is named twice, or no requirement.
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    for name in names:
        if names.count(_known(name)) > 1:
            raise UsageError(f"--objective {name} is given twice; name each metric once")
    if not names:
        raise UsageError("no objective; name a metric, such as --objective sharpe")
    return Objective(names[0], tuple(_requirement(text) for text in requirements), tuple(names[1:]))


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
