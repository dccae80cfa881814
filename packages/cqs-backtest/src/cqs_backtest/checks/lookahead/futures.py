"""Other futures: all that follows the open of a bar is replaced, by prices that rise or by prices that fall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import FIELDS
from cqs_core.time.intervals import DAY, length

if TYPE_CHECKING:
    from cqs_core import Candles
    from cqs_core.trading import FeatureValues, Floats

_FAR = 12.0  # prices change by no more than e ** 12, whatever came


@dataclass(frozen=True)
class Future:
    """The future that replaces the real one.

    Attributes:
        jump: factor of the level from the next open on.
        stretch: by how much later moves are larger than those that came; they go the other way.
        bar: high, low and close of the cut bar, in parts of its open.
        volume: factor of volumes.
    """

    jump: float
    stretch: float
    bar: tuple[float, float, float]
    volume: float


RISES = Future(30.0, 1.5, (4.2, 0.99, 4.0), 7.0)
FALLS = Future(1 / 30, 0.5, (1.01, 0.24, 0.25), 0.2)


def opposite(candles: Candles, bar: int) -> Future:
    """The one that differs most from what came after a bar's open, in the first symbol that has the bar."""
    here = np.flatnonzero(candles.present[bar])
    rose = len(here) and candles.close[bar, here[0]] > candles.open[bar, here[0]]
    return FALLS if rose else RISES


def changed(candles: Candles, bar: int, rows: int, future: Future) -> Candles:
    """The first `rows` of these candles; all after the open of row `bar` is changed, in references too."""
    ts = int(candles.ts[bar])
    known = _given(candles, rows)
    seen = {}
    for market, reference in known.references.items():
        closed = int(np.searchsorted(reference.ts + _shortest(reference.interval), ts, side="right"))
        seen[market] = _with_future(reference, closed, future, ts)
    features = {name: _other_values(one, ts, future) for name, one in known.features.items()}
    return _with_future(known, bar, future, ts).with_values(references=seen, features=features)


def _other_values(feature: FeatureValues, ts: int, future: Future) -> FeatureValues:
    """Replace what is known later than `ts` by another number or word."""
    first = int(np.searchsorted(feature.known_at, ts, side="right"))
    if first >= len(feature.ts):
        return feature
    values = feature.values.copy()
    later = values[first:]
    values[first:] = _other_words(values, later, future) if values.dtype.kind == "U" else _other_numbers(later, future)
    return replace(feature, values=values)


def _other_numbers(values: Floats, future: Future) -> Floats:
    """The other way round, on another level; what was unknown is known."""
    known = np.abs(values[np.isfinite(values)])
    scale = float(known.max()) if len(known) and known.max() > 0 else 1.0
    rises = 1.0 if future.jump > 1 else -1.0
    return np.asarray(np.nan_to_num(-future.stretch * values) + rises * 3.0 * scale)


def _other_words(values: Any, later: Any, future: Future) -> Any:
    """The next of the feature's words, or the one before it."""
    words = np.unique(values)
    if len(words) == 1:
        return np.full(later.shape, "" if words[0] else "?", dtype=values.dtype)
    step = 1 if future.jump > 1 else len(words) - 1
    return words[(np.searchsorted(words, later) + step) % len(words)]


def given(candles: Candles, rows: int) -> Candles:
    """The first `rows` of these candles as they came, references up to the same time."""
    return _given(candles, rows).with_values()


def shaken(candles: Candles, seed: int, sign: int) -> Candles:
    """The same candles except for their last digits: each bar changes by about 1e-11 of the highest price.

    Bars that one `sign` moves up, the other moves down, so that each tie breaks differently in one of them.
    """
    seen = {market: shaken(one, seed + 1, sign) for market, one in candles.references.items()}
    return candles.with_values(**_shake(candles, np.random.default_rng(seed), sign), references=seen)


def _shake(candles: Candles, random: np.random.Generator, sign: int) -> dict[str, Floats]:
    top = np.nanmax(candles.high, axis=0, initial=0.0)
    share = np.minimum(1e-11 * top / np.maximum(candles.low, 1e-300), 1e-6)
    factor = 1 + sign * share * random.choice([-1.0, 1.0], candles.shape) * random.uniform(0.5, 1, candles.shape)
    return {name: getattr(candles, name) * factor for name in ("open", "high", "low", "close")}


def _given(candles: Candles, rows: int) -> Candles:
    cut = candles.between(0, rows)
    last = int(cut.ts[-1])
    seen = {
        market: one.between(0, int(np.searchsorted(one.ts, last, side="right"))).with_values(rows=cut.ts)
        for market, one in candles.references.items()
    }
    features = {name: one.until(last) for name, one in candles.features.items()}
    return cut.with_values(references=seen, features=features)


def _with_future(candles: Candles, first: int, future: Future, ts: int) -> Candles:
    """From row `first` on. Bars that opened by `ts` keep their open, later ones nothing."""
    if first >= len(candles.ts):
        return candles
    values: dict[str, Floats] = {name: getattr(candles, name).copy() for name in FIELDS}
    anchor = _anchor(candles, first)
    with np.errstate(over="ignore", under="ignore"):
        moves = {name: _turned(values[name][first:], anchor, future) for name in ("open", "high", "low", "close")}
    later = slice(int(np.searchsorted(candles.ts, ts, side="right")), None)
    skip = later.start - first
    for name, other in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close")):
        values[name][later] = moves[other][skip:]
    for name, part in zip(("high", "low", "close"), future.bar, strict=True):
        values[name][first : later.start] = values["open"][first : later.start] * part
    values["volume"][first:] = values["volume"][first:] * future.volume + (future.volume > 1)
    return _some_gone(candles, candles.with_values(**values), later, future)


def _turned(prices: Floats, anchor: Floats, future: Future) -> Floats:
    """Moves from the anchor the other way round, on another level; highs become lows."""
    move = np.clip(np.log(prices / anchor), -_FAR, _FAR)
    return np.asarray(anchor * future.jump * np.exp(-future.stretch * move))


def _anchor(candles: Candles, first: int) -> Floats:
    """(S,): the last close before the cut; the next open of what begins later."""
    before, after = candles.close[:first], candles.open[first:]
    found = np.ones(candles.shape[1])
    for s in range(candles.shape[1]):
        known, coming = (np.flatnonzero(~np.isnan(part[:, s])) for part in (before, after))
        if len(known):
            found[s] = before[known[-1], s]
        elif len(coming):
            found[s] = after[coming[0], s]
    return found


def _some_gone(real: Candles, candles: Candles, later: slice, future: Future) -> Candles:
    """If candles have gaps anyway, every second symbol ends in a falling future, since any symbol may be delisted."""
    stop = len(candles.ts)
    from_row = (later.start + stop) // 2
    if future.jump > 1 or candles.shape[1] < 2 or from_row >= stop or bool(real.present.all()):
        return candles
    values = {name: getattr(candles, name) for name in FIELDS}
    for array in values.values():
        array[from_row:, 1::2] = np.nan
    return candles.with_values(**values)


def _shortest(interval: str) -> int:
    return 28 * DAY if interval == "1M" else length(interval)
