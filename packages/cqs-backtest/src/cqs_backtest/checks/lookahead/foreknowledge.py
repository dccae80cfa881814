"""Finds features that hold the future: their value at a bar's open tells what the bar will do.

No real data rank the returns that follow them with a correlation of 0.7. Where returns repeat themselves so much that
the last one would do as well (made-up prices), nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Candles

Floats = npt.NDArray[np.float64]
_LEAST = 50  # rows
_STRONG = 0.7
_BEYOND = 0.2  # by which it must tell more than the last return does


def foreknowledge(candles: Candles) -> str | None:
    """What gives a feature away; None where nothing does."""
    for name, feature in candles.features.items():
        values = candles.feature(name)
        bars = max(1, round(feature.step / length(candles.interval))) if feature.step else 1
        for s, market in enumerate(candles.symbols):
            column = values if values.ndim == 1 else values[:, s]
            for ahead in dict.fromkeys((1, bars)):
                score = _score(column, candles, s, ahead)
                if score > _STRONG:
                    return _told(name, market, ahead, score)
    return None


def _told(name: str, market: str, ahead: int, score: float) -> str:
    span = "bar" if ahead == 1 else f"{ahead} bars"
    return (
        f"feature {name} tells the return of the {span} that follows ({market}, rank correlation {score:.2f}); "
        "it holds what is not known by then: shift it, or say when it is known"
    )


def _score(values: npt.NDArray[Any], candles: Candles, s: int, ahead: int) -> float:
    """The largest rank correlation with the return that follows; 0 where the last return tells about as much."""
    open_, close = candles.open[:, s], candles.close[:, s]
    follows = np.full(len(open_), np.nan)
    follows[: len(open_) - ahead + 1] = close[ahead - 1 :] / open_[: len(open_) - ahead + 1] - 1
    before = np.append(np.full(ahead, np.nan), follows[:-ahead])
    usual = abs(_correlation(before, follows))
    last = np.append(np.nan, close[:-1])
    best = max(_strength(one, follows) for one in _forms(values, last))
    return best if best > usual + _BEYOND else 0.0


def _forms(values: npt.NDArray[Any], last: Floats) -> Iterator[npt.NDArray[Any]]:
    """The feature as it is, as a change, and as a price against the last one that is known."""
    yield values
    if values.dtype.kind == "f":
        yield np.append(np.nan, np.diff(values))
        with np.errstate(all="ignore"):
            yield values / last - 1


def _strength(values: npt.NDArray[Any], follows: Floats) -> float:
    if values.dtype.kind == "f":
        return abs(_correlation(values, follows))
    return float(_share_explained(values, follows) ** 0.5)


def _share_explained(words: npt.NDArray[Any], follows: Floats) -> float:
    """Part of the variance of the returns' ranks that lies between the words, a fraction."""
    here = (words != "") & np.isfinite(follows)
    if here.sum() < _LEAST:
        return 0.0
    ranks, kinds = _ranks(follows[here]), np.unique(words[here], return_inverse=True)[1]
    counts = np.bincount(kinds)
    if len(counts) > len(ranks) / 10 or not ranks.std():
        return 0.0
    means = np.bincount(kinds, ranks) / counts
    return float(np.sum(counts * (means - ranks.mean()) ** 2) / np.sum((ranks - ranks.mean()) ** 2))


def _correlation(one: Floats, other: Floats) -> float:
    here = np.isfinite(one) & np.isfinite(other)
    if here.sum() < _LEAST:
        return 0.0
    a, b = _ranks(one[here]), _ranks(other[here])
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def _ranks(values: Floats) -> Floats:
    import pandas as pd

    return np.asarray(pd.Series(values).rank(), dtype=np.float64)
