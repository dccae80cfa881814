"""Features: data from outside that a strategy uses, each value with the time from which it is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from cqs_core.trading.frozen import frozen

if TYPE_CHECKING:
    import datetime as dt

    from cqs_core.trading.candles import Stamps


@dataclass(frozen=True, eq=False)
class Feature:
    """A table from outside, and when its values are known.

    Attributes:
        table: a series, or a frame with a column a symbol, indexed by time with a time zone: pandas, polars, Arrow.
        known: `close` (a value stamped with a bar counts from that bar's close on), `open` (from its stamp on), or how
            long after its stamp, as a timedelta or as text such as `1d`.
        source: where the table comes from, in words; kept with a run.
    """

    table: object
    known: str | dt.timedelta | np.timedelta64 = "close"
    source: str = ""


@dataclass(frozen=True, eq=False)
class FeatureValues:
    """A feature that was read and checked.

    Attributes:
        ts: int64 (N,), ms UTC, the stamps, strictly increasing.
        known_at: int64 (N,), ms UTC, never decreasing: a bar that opens then or later may use the value.
        values: (N,) for a series, (N, S) for a frame; float64 (NaN is unknown) or text (empty is unknown).
        known: as it was asked for: `close`, `open`, or milliseconds as text.
        step: milliseconds from a value to the next one; 0 where there is no rule.
        source: where it comes from, in words.
    """

    ts: Stamps
    known_at: Stamps
    values: npt.NDArray[Any]
    known: str = "close"
    step: int = 0
    source: str = ""

    @property
    def unknown(self) -> float | str:
        """The value that stands for an unknown one."""
        return "" if self.values.dtype.kind == "U" else float("nan")

    def at(self, ts: Stamps) -> npt.NDArray[Any]:
        """(T,) or (T, S): the last value that is known at each of these opens."""
        place = np.searchsorted(self.known_at, ts, side="right") - 1
        if not len(self.ts):
            return np.full((len(ts), *self.values.shape[1:]), self.unknown)
        found = self.values[np.maximum(place, 0)]
        found[place < 0] = self.unknown
        return found

    def until(self, ts: int) -> Self:
        """Only what is known at `ts` (ms UTC)."""
        stop = int(np.searchsorted(self.known_at, ts, side="right"))
        return replace(self, ts=self.ts[:stop], known_at=self.known_at[:stop], values=self.values[:stop])

    def sealed(self) -> Self:
        """A copy whose arrays are read-only."""
        return replace(self, ts=frozen(self.ts), known_at=frozen(self.known_at), values=frozen(self.values))

    def sha256(self) -> str:
        """The hash of stamps, times and values."""
        digest = hashlib.sha256(f"{self.values.dtype.kind} {self.values.shape}".encode())
        for array in (self.ts, self.known_at):
            digest.update(np.ascontiguousarray(array).tobytes())
        texts = "\0".join(self.values.ravel().tolist()).encode() if self.values.dtype.kind == "U" else b""
        digest.update(texts or np.ascontiguousarray(self.values).tobytes())
        return digest.hexdigest()
