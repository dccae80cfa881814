"""`Frame`: what every function that answers with a table returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa


class Frame(pd.DataFrame):
    """A pandas DataFrame that goes on as polars, Arrow or DuckDB. Times in it are datetime64[us, UTC].

    >>> frame = Frame({"close": [1.0, 2.0]})
    >>> frame.to_arrow().num_rows
    2
    >>> frame.relation().aggregate("sum(close) as total").fetchall()
    [(3.0,)]
    """

    @property
    def _constructor(self) -> type[Frame]:
        return Frame

    def to_pandas(self) -> pd.DataFrame:
        """A plain DataFrame."""
        return pd.DataFrame(self)

    def to_arrow(self) -> pa.Table:
        """An Arrow table; the index comes first, as a column, where it has a name."""
        return arrow_of(self)

    def to_polars(self) -> pl.DataFrame:
        """A polars DataFrame; the index comes first, as a column, where it has a name.

        Raises:
            UsageError: polars is not installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise UsageError("polars is not installed; install it: uv add polars") from None
        found = pl.from_arrow(self.to_arrow())
        assert isinstance(found, pl.DataFrame)
        return found

    def relation(self) -> duckdb.DuckDBPyRelation:
        """A DuckDB relation, on its own connection, which shows times in UTC."""
        import duckdb

        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        return connection.from_arrow(self.to_arrow())


def arrow_of(given: Any) -> pa.Table:
    """Any table as Arrow: pandas (its index too, where it has a name or is of times), polars, Arrow, DuckDB.

    Raises:
        UsageError: it is not a table.
    """
    import pyarrow as pa

    if hasattr(given, "collect") and hasattr(given, "lazy"):  # polars, lazy
        given = given.collect()
    if isinstance(given, pd.Series):
        given = given.to_frame("value" if given.name is None else str(given.name))
    if isinstance(given, pd.DataFrame):
        return _of_pandas(given)
    if hasattr(given, "to_arrow_table"):  # DuckDB
        given = given.to_arrow_table()
    if isinstance(given, pa.Table):
        return given
    if hasattr(given, "__arrow_c_stream__"):
        return pa.table(given)
    raise UsageError(f"{type(given).__name__} is not a table; give a frame of pandas or polars, or an Arrow table")


def is_table(given: object) -> bool:
    """Whether `arrow_of` takes it."""
    marks = ("__arrow_c_stream__", "to_arrow_table", "collect")
    return isinstance(given, pd.DataFrame | pd.Series) or any(hasattr(given, mark) for mark in marks)


def _of_pandas(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    if isinstance(frame.index, pd.DatetimeIndex) and frame.index.name is None:
        frame = frame.rename_axis("timestamp")
    named = any(name is not None for name in frame.index.names)
    return pa.Table.from_pandas(frame.reset_index() if named else frame, preserve_index=False).replace_schema_metadata()
