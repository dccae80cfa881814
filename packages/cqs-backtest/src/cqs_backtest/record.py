"""The record of a run: the plain data behind charts, reports, comparisons and results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cqs_backtest.request import BASKET

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa


class Record(Protocol):
    """A run, fresh or read back from a bucket.

    Attributes:
        manifest: see the page *Runs* of the specifications; with `id` and `created`.
        ts: (T,) opens of its bars, ms UTC.
        equity: (T,) at their closes, quote currency.
        benchmark: (T,) the same for the benchmark, see `held`.
        trades: round trips, as in `trades.parquet`.
        performance: every metric by name; unknown is NaN.
        held: the benchmark's name, for people.
        badges: what the checks say.
        capital: cash before the first bar, quote currency.
        day_start: milliseconds after 00:00 UTC at which a day begins.
    """

    @property
    def manifest(self) -> dict[str, Any]: ...
    @property
    def ts(self) -> npt.NDArray[np.int64]: ...
    @property
    def equity(self) -> npt.NDArray[np.float64]: ...
    @property
    def benchmark(self) -> npt.NDArray[np.float64]: ...
    @property
    def trades(self) -> pa.Table: ...
    @property
    def performance(self) -> Mapping[str, float]: ...
    @property
    def held(self) -> str: ...
    @property
    def badges(self) -> dict[str, Any]: ...
    @property
    def capital(self) -> float: ...
    @property
    def day_start(self) -> int: ...


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run read back; see `Record`."""

    manifest: dict[str, Any]
    ts: npt.NDArray[np.int64]
    equity: npt.NDArray[np.float64]
    benchmark: npt.NDArray[np.float64]
    trades: pa.Table

    @property
    def id(self) -> str:
        return str(self.manifest["id"])

    @property
    def held(self) -> str:
        """The benchmark's name, for people; old runs without a choice have the basket."""
        return held(self.manifest)

    @property
    def capital(self) -> float:
        """Cash before the first bar, quote currency."""
        return float(self.manifest["costs"]["capital"])

    @property
    def day_start(self) -> int:
        """Milliseconds after 00:00 UTC at which a day of the daily figures begins."""
        return int(self.manifest["day_start"])

    @property
    def performance(self) -> dict[str, float]:
        """Every metric by name; unknown is NaN."""
        return {name: math.nan if value is None else value for name, value in self.manifest["performance"].items()}

    @property
    def badges(self) -> dict[str, Any]:
        """The results of the checks."""
        return dict(self.manifest["badges"])

    def trades_frame(self) -> pd.DataFrame:
        """As `backtest` gives them."""
        frame: pd.DataFrame = self.trades.to_pandas()
        return frame


def held(made: Mapping[str, Any]) -> str:
    """The name of a run's benchmark, for people, from its manifest."""
    market = made.get("benchmark", BASKET)
    return "Equal-weighted basket" if market == BASKET else f"{market} bought and held"
