"""Finds features that hold the future: what is known at a bar's open tells the returns of the bars that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_backtest.checks.lookahead.check import LookaheadFinding
from cqs_backtest.checks.lookahead.future_scores import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_backtest.checks.lookahead.future_scores import Prediction, Score
    from cqs_core import Candles
    from cqs_core.trading import FeatureValues

_CELLS = 200_000  # rows times columns: more take seconds
_LONG = 1_000


def foreknowledge(candles: Candles) -> LookaheadFinding | None:
    """`peeks` where a feature holds the future, `not checkable` where its values are too few to see it, or None."""
    short = None
    for name, feature in candles.features.items():
        found = [(one, market) for s, market in enumerate(candles.symbols) for one in _seen(candles, name, feature, s)]
        strong = [(one.score, market) for one, market in found if one.score is not None]
        if strong:
            return LookaheadFinding("peeks", _told(name, *max(strong)))
        if not _constant(feature) and not any(one.decidable for one, _ in found):
            short = short or LookaheadFinding("not checkable", _too_few(name))
    return short


def _told(name: str, score: Score, market: str) -> str:
    return (
        f"feature {name} tells {score.target} ({market}, rank correlation {score.strength:.2f}); "
        "it holds what is not known by then: shift it, or say when it is known"
    )


def _too_few(name: str) -> str:
    return (
        f"feature {name} has too few values, or too few that differ, to see whether it holds the future; "
        "a run over more bars may tell"
    )


def _constant(feature: FeatureValues) -> bool:
    return len(np.unique(feature.values)) < 2  # numpy counts NaN once


def _seen(candles: Candles, name: str, feature: FeatureValues, s: int) -> Iterator[Prediction]:
    """How well the feature predicts one market."""
    values = candles.feature(name)
    column = values if values.ndim == 1 else values[:, s]
    for rows, seen in _grids(column, feature, candles):
        yield compare(seen, candles.open[rows, s], _closes(candles.close[:, s], rows), candles.ts[rows])


def _grids(
    column: npt.NDArray[Any], feature: FeatureValues, candles: Candles
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]:
    """Rows at which to look, and what is seen there.

    A day's value on hours is seen once a day, when it arrives. Where values arrive now and then, that one arrives may
    tell as much as what it is.
    """
    arrived = np.diff(np.searchsorted(feature.known_at, candles.ts, side="right"), prepend=0) > 0
    long = max(_LONG, _CELLS // len(candles.symbols))
    sparse = 2 * np.count_nonzero(arrived) <= len(arrived)
    rows = np.flatnonzero(arrived) if sparse else np.arange(len(arrived))
    yield rows[-long:], column[rows[-long:]]
    if sparse and not feature.step:
        yield np.arange(len(arrived))[-long:], arrived[-long:].astype(np.float64)


def _closes(close: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The last close before the next of these rows."""
    return np.asarray(close[np.append(rows[1:], len(close)) - 1])
