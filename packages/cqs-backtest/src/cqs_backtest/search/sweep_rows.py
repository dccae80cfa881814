"""The rows of a sweep as one table, read as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cqs_core import DataError
from cqs_core.files import parquet_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cqs_backtest.search.store import SweepFolder

MOST_ROWS = 200_000
"""Rows of a sweep that are held in memory at once."""


@dataclass
class SweepRows:
    """The rows of a sweep; what was read is not read again.

    Attributes:
        folder: of the sweep.
    """

    folder: SweepFolder
    _parts: dict[tuple[int, int], pa.Table] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The rows so far by set, as the specification of `rows/` says; the first `MOST_ROWS` at most.

        Raises:
            DataError: a part of them is damaged.
        """
        import pandas as pd
        import pyarrow as pa

        new = [part for part in sorted(self.folder.parts()) if part not in self._parts and part[0] < MOST_ROWS]
        keys = {self.folder.part_key(*part): part for part in new}
        for key, data in self.folder.bucket.read_many(list(keys)).items():
            try:
                self._parts[keys[key]] = parquet_table(data)
            except (pa.ArrowException, OSError) as error:
                fact = f"{key} is damaged ({error})"
                raise DataError(f"{fact}; remove that object, then resume the sweep to make its rows again") from None
        tables = [self._parts[part] for part in sorted(self._parts)]
        return pa.concat_tables(tables).to_pandas() if tables else pd.DataFrame()
