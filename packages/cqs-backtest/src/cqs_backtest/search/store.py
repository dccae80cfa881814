"""Sweeps in a bucket: a folder `sweeps/{id}/` with a manifest, rows as they come, and at the end a result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.search.folder import SearchFolder
from cqs_core.files import parquet_bytes, parquet_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from cqs_backtest.search.evaluator import SetRows
    from cqs_backtest.search.space import Axis

_PART = re.compile(r"(\d{9})-(\d{9})\.parquet")


class SweepFolder(SearchFolder):
    """One sweep in a bucket, with a row for each set."""

    root = "sweeps"
    kind = "sweep"

    @property
    def table(self) -> str:
        """All rows, for `read_parquet` and the like."""
        return f"{self.bucket.url.rstrip('/')}/{self.key('rows/*.parquet')}"

    def write_part(self, start: int, table: pa.Table) -> None:
        """Write the rows of sets `start` and following."""
        self.bucket.write(self.part_key(start, start + table.num_rows), parquet_bytes(table))

    def parts(self) -> set[tuple[int, int]]:
        """Which sets have rows: half-open ranges."""
        names = (entry.key.rpartition("/")[2] for entry in self.bucket.list(self.key("rows")))
        return {(int(m[1]), int(m[2])) for name in names if (m := _PART.fullmatch(name))}

    def tables(self) -> Iterator[tuple[int, pa.Table]]:
        """The rows part by part, each with the number of its first set."""
        for start, stop in sorted(self.parts()):
            yield start, parquet_table(self.bucket.read(self.part_key(start, stop)))

    def part(self, start: int, stop: int) -> pa.Table | None:
        """The rows of these sets, None if they are not there."""
        try:
            return parquet_table(self.bucket.read(self.part_key(start, stop)))
        except FileNotFoundError:
            return None

    def part_key(self, start: int, stop: int) -> str:
        """The object with the rows of these sets."""
        return self.key(f"rows/{start:09d}-{stop:09d}.parquet")


def ranges(sets: int, part: int) -> list[tuple[int, int]]:
    """The parts of a search: always the same ones, so that two who write one write the same object."""
    return [(start, min(start + part, sets)) for start in range(0, sets, part)]


def rows_table(start: int, sets: Sequence[Mapping[str, Any]], rows: SetRows, axes: Sequence[Axis]) -> pa.Table:
    """Rows as they are stored: `set`, every parameter, every metric, `error`.

    A parameter that is called like a metric becomes `parameter_NAME`.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {"set": pa.array(np.arange(start, start + len(sets)))}
    kinds = {axis.name: axis.values for axis in axes}
    for name, first in sets[0].items():
        values = [values[name] for values in sets]
        columns[column_of(name)] = column(values, kinds.get(name, (first,)))
    columns |= {name: pa.array(values) for name, values in rows.metrics.items()}
    columns["error"] = pa.array([rows.errors.get(k) for k in range(len(sets))], pa.string())
    return pa.table(columns)


def column_of(parameter: str) -> str:
    """The column of a parameter, which is not that of any metric."""
    taken = parameter in CONVENTIONS or parameter in ("set", "error", "mean", "dsr")
    return f"parameter_{parameter}" if taken else parameter


def column(values: Sequence[Any], kinds: Sequence[Any]) -> pa.Array[Any]:
    """One type for all rows of a search, whichever values a part has."""
    import pyarrow as pa

    types = {type(value) for value in kinds if value is not None}
    if types <= {bool}:
        return pa.array(values, pa.bool_())
    if types <= {int}:
        return pa.array(values, pa.int64())
    if types <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else str(value) for value in values], pa.string())
