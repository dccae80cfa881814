"""How much a feature says about later returns, beyond what past prices and the calendar say.

Both are ranked, and what a regression on the past explains is removed: in made-up prices that repeat themselves, the
past tells the future too. What remains is correlated over several horizons. Honest data do not reach 0.6 of the
correlation that is possible, nor, by chance, 4.5 standard errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_LEAST = 50  # rows
_FAR = 10  # bars ahead, and bars back
_STRONG = 0.6
_ERRORS = 4.5
_MEANS = (20, 60)  # bars
_WORDS = 30  # of a feature with more words none occurs often enough
_LEFT = 0.05  # of a feature's variance: less lies in a few rows, and says nothing
_LAGS = 20


class Target(NamedTuple):
    """A future return that a feature may predict.

    Attributes:
        what: `return`; its `size`, up or down; `swing`, the highest plus the lowest close of the span; `best` or
            `worst` return of its bars.
        first: bar at which it begins; 1 is the bar whose open it is.
        last: bar at whose close it ends.
    """

    what: str
    first: int
    last: int

    def __str__(self) -> str:
        values = {"return": "the return of", "size": "the size of the return of", "swing": "the return within"}
        return f"{values.get(self.what, f'the {self.what} return of')} {self._bars()}"

    def _bars(self) -> str:
        if self.last == 1:
            return "the bar that follows"
        if self.first == self.last:
            return f"bar {self.first} ahead"
        return f"the {self.last} bars that follow" if self.first == 1 else f"bars {self.first} to {self.last} ahead"


_TARGETS = [
    *(Target("return", 1, last) for last in range(1, _FAR + 1)),
    *(Target("return", bar, bar) for bar in range(2, _FAR + 1)),
    *(Target("size", bar, bar) for bar in range(1, 4)),
    *(Target("swing", 1, last) for last in (3, 5, 10)),
    *(Target(what, *span) for what in ("best", "worst") for span in ((1, 3), (2, 4), (1, 5), (2, 6))),
]


class Score(NamedTuple):
    """One correlation that is too strong: as a fraction of the largest that is possible, and with what."""

    strength: float
    target: Target


class Prediction(NamedTuple):
    """The strongest score, None where none is too strong; and whether there are enough values to find one."""

    score: Score | None
    decidable: bool


def compare(values: npt.NDArray[Any], open_: Floats, close: Floats, ts: npt.NDArray[np.int64]) -> Prediction:
    """How well a feature predicts the returns that follow.

    Args:
        values: (T,) float64 or text, what is known at each open.
        open_: (T,) opens.
        close: (T,) closes.
        ts: (T,) times of the opens, ms UTC.
    """
    with np.errstate(all="ignore"):
        past, follows = _ranks(_past(open_, close)), _ranks(_follows(open_, close))
        usable = np.asarray(np.isfinite(past).all(axis=1) & np.isfinite(follows).all(axis=1))
        past = np.column_stack([past, _weekdays(ts), np.arange(len(ts))])
        found = [*_findings(_forms(values, close), past, follows, usable)]
    best = max((one.score for one in found if one.score is not None), default=None)
    return Prediction(best, any(one.decidable for one in found))


def _weekdays(ts: npt.NDArray[np.int64]) -> Floats:
    """(T, 6): flags of all weekdays but one; they are known in advance."""
    return np.asarray((ts[:, None] // DAY) % 7 == np.arange(6), dtype=np.float64)


def _past(open_: Floats, close: Floats) -> Floats:
    """(T, N): what is known at each open: returns, their size, the gap, the price, its distance from averages."""
    import pandas as pd

    last = _lagged(np.log(close), 1)
    returns = [last - _lagged(last, 1)]
    returns += [_lagged(returns[0], lag) for lag in range(1, _FAR)]
    size = pd.Series(np.abs(returns[0]))
    sizes = [size.to_numpy(), size.rolling(_MEANS[0], min_periods=1).mean().to_numpy()]
    away = [last - pd.Series(last).rolling(bars, min_periods=1).mean().to_numpy() for bars in _MEANS]
    return np.column_stack([*returns, *sizes, np.log(open_) - last, last, *away])


def _follows(open_: Floats, close: Floats) -> Floats:
    """(T, N): each target."""
    start = np.log(open_)
    ends = {0: start} | {bar: _lagged(np.log(close), 1 - bar) for bar in range(1, _FAR + 1)}
    return np.column_stack([_target(one, ends) for one in _TARGETS])


def _target(target: Target, ends: dict[int, Floats]) -> Floats:
    path = np.column_stack([ends[bar] for bar in range(target.first - 1, target.last + 1)])
    if target.what == "swing":
        return np.asarray(path[:, 1:].max(axis=1) + path[:, 1:].min(axis=1) - 2 * path[:, 0])
    if target.what in ("best", "worst"):
        moves = np.diff(path, axis=1)
        return np.asarray(moves.max(axis=1) if target.what == "best" else moves.min(axis=1))
    move = ends[target.last] - ends[target.first - 1]
    return np.abs(move) if target.what == "size" else move


def _lagged(values: Floats, rows: int) -> Floats:
    """The value this many rows earlier (later, if negative); NaN beyond the ends."""
    found = np.full(len(values), np.nan)
    if abs(rows) < len(values):
        found[max(rows, 0) : len(values) + min(rows, 0)] = values[max(-rows, 0) : len(values) - max(rows, 0)]
    return found


def _forms(values: npt.NDArray[Any], close: Floats) -> Iterator[Floats]:
    """A feature as it is, as a change, against the last price, and when it is there or changes; each word as a flag."""
    if values.dtype.kind == "U":
        words = np.unique(values)
        for word in words[:_WORDS] if len(words) > 2 else words[1:]:
            yield (values == word).astype(np.float64)
        changed = np.append(False, values[1:] != values[:-1])
    else:
        yield values
        moves = np.append(np.nan, np.diff(values))
        yield moves
        yield values / _lagged(close, 1)
        yield _is_there(values)
        changed = np.isfinite(moves) & (moves != 0)
    yield changed.astype(np.float64)


def _is_there(values: Floats) -> Floats:
    """1 or 0 from the first known value to the last, NaN outside."""
    there = np.isfinite(values)
    inside = np.logical_or.accumulate(there) & np.logical_or.accumulate(there[::-1])[::-1]
    return np.where(inside, there.astype(np.float64), np.nan)


def _findings(forms: Iterable[Floats], past: Floats, follows: Floats, usable: Flags) -> Iterator[Prediction]:
    made: dict[bytes, _Rows] = {}  # most forms are known in the same rows
    for form in forms:
        here = usable & np.isfinite(form)
        if here.sum() < _LEAST or form[here].min() == form[here].max():
            continue
        key = here.tobytes()
        if key not in made:
            made[key] = _Rows(past[here], follows[here])
        yield _found(form[here], made[key], past.shape[1] + 1)


class _Rows:
    """Returns after some rows, and the part of them that past prices do not explain."""

    def __init__(self, past: Floats, follows: Floats) -> None:
        self._known = np.linalg.qr(np.column_stack([np.ones(len(past)), past]))[0]
        self.coming = _centered(follows)
        self.unexplained = self.without_past(self.coming)

    def without_past(self, values: Floats) -> Floats:
        return np.asarray(values - self._known @ (self._known.T @ values))


def _found(form: Floats, rows: _Rows, lost: int) -> Prediction:
    ranks, coming, unexplained = _centered(_ranks(form[:, None])), rows.coming, rows.unexplained
    possible = _possible(ranks[:, 0], coming)
    decidable = bool(possible[0] > _ERRORS / np.sqrt(max(len(form) - lost, 1)))
    left = rows.without_past(ranks)
    if not decidable or (left**2).sum() <= _LEFT * (ranks**2).sum():
        return Prediction(None, decidable)
    # Where the past explains more than half, what it leaves counts for less: it may be rounding.
    sizes = np.maximum((unexplained**2).sum(axis=0), (coming**2).sum(axis=0) / 2)
    correlations = np.abs(left.T @ unexplained)[0] / np.sqrt(sizes * (left**2).sum())
    strong = (correlations > _STRONG * possible) & (correlations > _ERRORS * _errors(left, unexplained, lost))
    found = [Score(float(min(correlations[i] / possible[i], 1.0)), _TARGETS[i]) for i in np.flatnonzero(strong)]
    return Prediction(max(found, default=None), True)


def _possible(ranks: Floats, coming: Floats) -> Floats:
    """The largest correlation that is possible: a rare flag cannot reach 1."""
    one, others = np.sort(ranks), np.sort(coming, axis=0)
    return np.asarray(one @ others / np.sqrt((one**2).sum() * (others**2).sum(axis=0)))


def _errors(left: Floats, others: Floats, lost: int) -> Floats:
    """Standard errors of the correlations (Bartlett): the longer both last, the fewer rows really differ."""
    more = sum(_alike(left, lag) * _alike(others, lag) for lag in range(1, _LAGS + 1))
    return np.asarray(np.sqrt(np.maximum(1 + 2 * more, 1) / max(len(left) - lost, 1)))


def _alike(columns: Floats, lag: int) -> Floats:
    """The autocorrelation of each column."""
    return np.asarray((columns[lag:] * columns[:-lag]).sum(axis=0) / (columns**2).sum(axis=0))


def _centered(values: Floats) -> Floats:
    return np.asarray(values - values.mean(axis=0))


def _ranks(values: Floats) -> Floats:
    import pandas as pd

    return np.asarray(pd.DataFrame(values).rank(), dtype=np.float64)
