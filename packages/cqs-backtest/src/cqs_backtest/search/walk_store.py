"""Walk-forwards in a bucket: a folder `walk-forwards/{id}/` with a manifest, windows as they come, and a result."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.search.folder import SearchFolder
from cqs_backtest.search.plan import Window
from cqs_core.cli import plain
from cqs_core.files import parquet_bytes, parquet_table
from cqs_core.time.clock import iso, parse_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.search.space import Space
    from cqs_core.bucket import Entry
    from cqs_core.trading import Floats, Stamps

_WINDOW = re.compile(r"(\d{4,})\.parquet")
_KEY = b"window"


@dataclass(frozen=True, eq=False)
class Try:
    """The result of one window.

    Attributes:
        window: its dates.
        cell: of the grid, of the set that was chosen; None where no set met the requirements, and cash was held.
        parameters: of that set.
        optimize: metrics of that set while it was chosen.
        test: metrics while it was tried.
        ts: (T,) opens of the bars of the try.
        growth: (T,) equity at their closes, over capital.
    """

    window: Window
    cell: int | None
    parameters: dict[str, Any] | None
    optimize: dict[str, float]
    test: dict[str, float]
    ts: Stamps
    growth: Floats

    def row(self) -> dict[str, Any]:
        """For people and programs: dates, `parameters`, `optimize` and `test`, null where cash was held."""
        dates = {name: iso(value) for name, value in vars(self.window).items()}
        return dates | {"parameters": self.parameters, "optimize": self.optimize or None, "test": self.test or None}


class WalkFolder(SearchFolder):
    """One walk-forward in a bucket."""

    root = "walk-forwards"
    kind = "walk-forward"

    def write_try(self, number: int, made: Try) -> None:
        """Store a window that is done."""
        import pyarrow as pa

        about = json.dumps(plain({"cell": made.cell, **made.row()}), ensure_ascii=False)
        table = pa.table({"ts": pa.array(made.ts, pa.timestamp("ms", "UTC")), "growth": pa.array(made.growth)})
        data = parquet_bytes(table.replace_schema_metadata({_KEY: about.encode()}))
        self.bucket.write(self.key(f"windows/{number:04d}.parquet"), data)

    def tries(self, space: Space) -> dict[int, Try]:
        """The windows that are done, by number."""
        return {number: _try(about, table, space) for number, (about, table) in self._stored().items()}

    def windows(self) -> list[dict[str, Any]]:
        """A row for each window that is done, as `Try.row` gives it; unknown numbers are None."""
        rows = [about for about, _ in self._stored().values()]
        return [{name: value for name, value in row.items() if name != "cell"} for row in rows]

    def write_equity(self, ts: Stamps, equity: Floats) -> None:
        """Store the equity of all tries, one after another."""
        import pyarrow as pa

        table = pa.table({"ts": pa.array(ts, pa.timestamp("ms", "UTC")), "equity": pa.array(equity)})
        self.bucket.write(self.key("equity.parquet"), parquet_bytes(table))

    def equity(self) -> tuple[Stamps, Floats]:
        """Opens of the bars of all tries, ms UTC, and equity at their closes; empty until all windows are done."""
        try:
            table = parquet_table(self.bucket.read(self.key("equity.parquet")))
        except FileNotFoundError:
            return np.zeros(0, np.int64), np.zeros(0)
        return _stamps(table), table["equity"].to_numpy()

    def _stored(self) -> dict[int, tuple[dict[str, Any], Any]]:
        """Description and table of each window; a damaged one counts as not done."""
        listed = ((entry.key, _WINDOW.fullmatch(entry.key.rpartition("/")[2])) for entry in self._listed())
        numbers = {key: int(found[1]) for key, found in listed if found}
        data = self.bucket.read_many(list(numbers))
        read = {numbers[key]: _read(data[key]) for key in sorted(data, key=lambda key: numbers[key])}
        return {number: one for number, one in read.items() if one is not None}

    def _listed(self) -> Sequence[Entry]:
        return self.bucket.list(self.key("windows"), immutable=True)


def joined(tries: Sequence[Try], capital: float) -> tuple[Stamps, Floats]:
    """Stamps and equity of all tries, each going on with what the one before left."""
    parts = []
    for each in tries:
        parts.append(capital * each.growth)
        capital = float(parts[-1][-1])
    return np.concatenate([each.ts for each in tries]), np.concatenate(parts)


def _try(about: Mapping[str, Any], table: Any, space: Space) -> Try:
    dates = [parse_start(about[name]) for name in Window.__dataclass_fields__]
    cell = about["cell"]
    return Try(
        Window(*(date for date in dates if date is not None)),
        cell,
        None if cell is None else space.at(cell),
        _numbers(about["optimize"]),
        _numbers(about["test"]),
        _stamps(table),
        table["growth"].to_numpy(),
    )


def _read(data: bytes) -> tuple[dict[str, Any], Any] | None:
    try:
        table = parquet_table(data)
        return json.loads(table.schema.metadata[_KEY]), table
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _stamps(table: Any) -> Stamps:
    found: Stamps = table["ts"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    return found


def _numbers(values: Mapping[str, float | None] | None) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in (values or {}).items()}
