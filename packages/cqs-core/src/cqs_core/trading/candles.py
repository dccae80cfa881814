"""Candles in memory: the arrays that strategies and engines see, and the schema that the lake stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt

from cqs_core.errors import DataError, UnknownName
from cqs_core.time.intervals import DAY, length
from cqs_core.trading.candle_faults import DESCRIPTIONS, faults
from cqs_core.trading.frames import by_time
from cqs_core.trading.frozen import frozen, is_frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import pandas as pd

    from cqs_core.trading.features import FeatureValues

FIELDS = ("open", "high", "low", "close", "volume")
Floats = npt.NDArray[np.float64]
Stamps = npt.NDArray[np.int64]
_CACHED_ARRAYS = 256
_CACHED_BYTES = 1 << 26
_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Candles:
    """Bars of S symbols on T common rows.

    Attributes:
        ts: int64 (T,), ms UTC of the open, strictly increasing; the union of the symbols' own stamps.
        symbols: unified markets, one a column.
        open: float64 (T, S) in C order, as are `high`, `low`, `close` and `volume`.
            A missing bar is NaN in all five, else all five are finite.
        interval: of the bars.
        references: markets to look at without trading them, each a `Candles` of one column on its own stamps.
        rows: for a reference, the stamps at which it is aligned; None means its own.
        features: data from outside by name; a strategy asks `feature(name)`, which knows no later values.
    """

    ts: Stamps
    symbols: tuple[str, ...]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    interval: str = "1d"
    references: Mapping[str, Candles] = field(default_factory=dict)
    rows: Stamps | None = None
    features: Mapping[str, FeatureValues] = field(default_factory=dict)
    _memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(T, S)."""
        return len(self.ts), len(self.symbols)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Bool (T, S), read-only: where a bar is."""
        here = ~np.isnan(self.open)
        here.setflags(write=False)
        return here

    def reference(self, market: str) -> Candles:
        """A market to look at, sampled at this object's rows by the indicators.

        Raises:
            UnknownName: the strategy did not ask for it in `references()`.
        """
        if market not in self.references:
            raise UnknownName("reference", market, self.references, remedy="return it from references(markets)")
        return self.references[market]

    def feature(self, name: str) -> npt.NDArray[Any]:
        """The last value of a feature that is known at each bar's open, read-only.

        Returns:
            (T,) for a series, (T, S) for a frame with a column a symbol; float64, NaN where nothing is known, or text,
            empty where nothing is known.

        Raises:
            UnknownName: the run was given no feature of that name.
        """
        if name not in self.features:
            remedy = f"give it to the run: features={{{name!r}: series}}, or --feature {name}=FILE"
            raise UnknownName("feature", name, self.features, remedy=remedy)
        return self.cached(("feature", name), lambda: self.features[name].at(self.ts))

    def last_closed(self) -> npt.NDArray[np.int64]:
        """For each row, the index of the last of these candles that has closed by the row's open; -1 where none has."""
        if self.rows is None or self.rows is self.ts:
            return np.arange(-1, len(self.ts) - 1)
        return self.cached("last closed", self._search_closed)

    def _search_closed(self) -> npt.NDArray[np.int64]:
        closes = self.ts + _shortest(self.interval)
        rows = self.ts if self.rows is None else self.rows
        return np.asarray(np.searchsorted(closes, rows, side="right") - 1, dtype=np.int64)

    def __getstate__(self) -> dict[str, Any]:
        """State for pickle, without cached values."""
        plain = {"references": dict(self.references), "features": dict(self.features)}
        return {**vars(self), **plain, "_memo": {}}

    def cached(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """`make()`, computed once for this object and key; arrays become read-only. Bounded: old keys are dropped."""
        memo = self._memo
        value: Any
        try:
            value = memo[key]
        except KeyError:
            made: Any = make()
            value = frozen(made) if isinstance(made, np.ndarray) else made
            memo[key] = value
            while len(memo) > _CACHED_ARRAYS or (len(memo) > 1 and _size(memo) > _CACHED_BYTES):
                memo.pop(next(iter(memo)), None)
        return cast("_T", value)

    def between(self, start: int, stop: int) -> Self:
        """Rows `start:stop`, with references aligned to them; nothing cached is carried over."""
        cut: dict[str, Any] = {name: getattr(self, name)[start:stop] for name in ("ts", *FIELDS)}
        seen = {market: reference.with_values(rows=cut["ts"]) for market, reference in self.references.items()}
        return replace(self, **cut, references=seen, _memo={})

    def sealed(self) -> Self:
        """A copy, made once, whose arrays cannot be written to, not even through `.base`: what a strategy gets."""
        return self if is_frozen(self.open) else self.cached("sealed", self._sealed)

    def _sealed(self) -> Self:
        arrays: dict[str, Any] = {name: frozen(getattr(self, name)) for name in ("ts", *FIELDS)}
        rows = self.rows if self.rows is None else frozen(self.rows)
        seen = MappingProxyType({market: one.sealed() for market, one in self.references.items()})
        features = MappingProxyType({name: one.sealed() for name, one in self.features.items()})
        return replace(self, **arrays, rows=rows, references=seen, features=features, _memo={})

    def fresh(self) -> Self:
        """The same arrays with nothing cached: for another thread, since one cache serves one thread."""
        seen = MappingProxyType({market: one.fresh() for market, one in self.references.items()})
        return replace(self, references=seen, _memo={})

    def with_values(self, **arrays: Any) -> Self:
        """A copy with other arrays, nothing cached carried over."""
        return replace(self, **arrays, _memo={})

    def validate(self) -> Self:
        """This object, if it keeps its promises.

        Raises:
            DataError: shapes disagree, stamps do not increase, or a bar is neither whole nor missing.
        """
        _check_stamps(self.ts, self.interval)
        for name in FIELDS:
            _check_array(name, getattr(self, name), self.shape)
        _check_whole(self)
        return self

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, object],
        interval: str = "1d",
        references: Mapping[str, object] | None = None,
    ) -> Self:
        """From one table a market: columns open, high, low, close, volume; a UTC index of opens (naive means UTC).

        A table is a pandas frame; or one of polars, Arrow or DuckDB with a column of opens, `ts`.

        Raises:
            DataError: an index is unsorted or has duplicates, a value is missing or impossible (as the lake checks its
                rows), or there are no rows.
        """
        columns = {market: _columns(market, frame) for market, frame in frames.items()}
        if not columns:
            raise DataError("no candles: give at least one market")
        every = np.sort(np.concatenate([c[0] for c in columns.values()]))  # np.unique hashes: 2 s for half a million
        ts = every[np.append(True, every[1:] != every[:-1])]
        arrays: dict[str, Any] = {name: np.full((len(ts), len(columns)), np.nan) for name in FIELDS}
        for i, (own, values) in enumerate(columns.values()):
            at = np.searchsorted(ts, own)
            for j, name in enumerate(FIELDS):
                arrays[name][at, i] = values[:, j]
        seen = {}
        for market, frame in (references or {}).items():
            seen[market] = replace(cls.from_frames({market: frame}, interval), rows=ts)
        return cls(ts=ts, symbols=tuple(columns), interval=interval, references=seen, **arrays).validate()


def _columns(market: str, table: object) -> tuple[Stamps, Floats]:
    frame = by_time(f"candles of {market!r}", table)
    missing = [name for name in FIELDS if name not in frame.columns]
    if missing:
        raise DataError(f"candles of {market!r} have no column {missing[0]!r}; they need {', '.join(FIELDS)}")
    if len(frame) == 0:
        raise DataError(f"candles of {market!r} are empty; fetch them, or ask for other dates")
    ts = _stamps(market, frame.index)
    values = frame[list(FIELDS)].to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise DataError(f"candles of {market!r} have NaN in row {int(np.argmax(bad))}; drop such rows")
    for name, wrong in faults(*values.T).items():
        if wrong.any():
            at = f"row {int(np.argmax(wrong))} ({frame.index[int(np.argmax(wrong))]})"
            raise DataError(f"candles of {market!r} have {DESCRIPTIONS[name]} in {at}; correct or drop such rows")
    return ts, values


def _stamps(market: str, index: pd.Index[Any]) -> Stamps:
    import pandas as pd

    if not isinstance(index, pd.DatetimeIndex):
        raise DataError(f"candles of {market!r} are not indexed by time; set a DatetimeIndex of opens in UTC")
    at = index.tz_convert("UTC") if index.tz is not None else index.tz_localize("UTC")
    ts: Stamps = at.as_unit("ms").asi8
    step = np.diff(ts)
    if (step == 0).any():
        raise DataError(
            f"candles of {market!r} have the time {index[int(np.argmax(step == 0))]} twice; drop duplicates"
        )
    if (step < 0).any():
        raise DataError(f"candles of {market!r} are not sorted by time; sort the index")
    return ts


def _size(memo: Mapping[Hashable, Any]) -> int:
    """Bytes of the arrays in a cache."""
    return sum(value.nbytes for value in list(memo.values()) if isinstance(value, np.ndarray))


def _shortest(interval: str) -> int:
    """Milliseconds of the shortest bar of an interval: February for months."""
    return 28 * DAY if interval == "1M" else length(interval)


def _check_stamps(ts: Stamps, interval: str) -> None:
    if ts.dtype != np.int64 or ts.ndim != 1:
        raise DataError(f"candle stamps are {ts.dtype} of {ts.ndim} dimensions; they must be int64 (T,) in ms UTC")
    if (np.diff(ts) <= 0).any():
        raise DataError("candle stamps do not strictly increase; sort them and drop duplicates")
    if len(ts) > 1 and int(np.diff(ts).min()) < _shortest(interval):
        step = int(np.diff(ts).min()) // 1000
        raise DataError(
            f"candles are {step:,} s apart, less than the interval {interval!r}; name their actual interval"
        )


def _check_array(name: str, array: Floats, shape: tuple[int, int]) -> None:
    if array.shape != shape or array.dtype != np.float64:
        raise DataError(f"candles' {name} is {array.dtype} {array.shape}; it must be float64 {shape}")


def _check_whole(candles: Candles) -> None:
    absent = [np.isnan(getattr(candles, name)) for name in FIELDS]
    whole = np.logical_and.reduce([np.isfinite(getattr(candles, name)) for name in FIELDS])
    torn = ~(whole | np.logical_and.reduce(absent))
    if torn.any():
        t, s = np.argwhere(torn)[0]
        raise DataError(
            f"bar {t} of {candles.symbols[s]!r} is neither whole nor missing; a missing bar is NaN in all fields"
        )
