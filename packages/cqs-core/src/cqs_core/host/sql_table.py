"""The contract of `register_tables`: how a package adds a table to SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from cqs_core.bucket import Bucket


@dataclass(frozen=True)
class SqlTable:
    """A table that SQL sees in addition to `candles`.

    Attributes:
        name: letters, digits and `_`; SQL ignores case.
        columns: DuckDB types by column, in order; times are `timestamptz`.
        rows: called with the bucket by a query that names the table; or `module:function`, imported then.
        doc: what a row is, in one sentence.
    """

    name: str
    columns: Mapping[str, str]
    rows: Callable[[Bucket], pa.Table] | str
    doc: str = ""

    def read(self, bucket: Any) -> pa.Table:
        """Its rows now."""
        from importlib import import_module

        if callable(self.rows):
            return self.rows(bucket)
        module, _, name = self.rows.partition(":")
        found: pa.Table = getattr(import_module(module), name)(bucket)
        return found
