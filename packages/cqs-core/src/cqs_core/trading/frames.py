"""Tables of any library as pandas frames indexed by time: pandas, polars, Arrow, DuckDB, whatever speaks Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

TIMES = ("ts", "timestamp", "time", "datetime", "date", "open_time")
"""Names of the column of times, where a table has no index; else it is the only column of a temporal type."""
MARKETS = ("market", "symbol")
"""Names of the column that says which market a row is of, in a table of several."""


def by_time(what: str, table: object) -> pd.DataFrame:
    """The table as a pandas frame whose index is its times, as they came.

    Args:
        what: names it in messages, `candles of 'BTC'`.
        table: a frame or series of pandas or polars, an Arrow table, a DuckDB relation.

    Raises:
        DataError: it is not a table, or has no column of times.
    """
    import pandas as pd

    frame = _as_pandas(what, table)
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame
    return _with_dates(frame.set_index(_time_column(what, frame)))


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """An index of dates, which have no time zone, is one of UTC days."""
    import datetime as dt

    import pandas as pd

    if frame.index.dtype == object and all(type(at) is dt.date for at in frame.index):
        return frame.set_axis(pd.DatetimeIndex(pd.to_datetime(frame.index, utc=True), name=frame.index.name))
    return frame


def by_market(what: str, tables: object) -> Mapping[str, object]:
    """Tables by market: a mapping stays as it is, one table with a column `market` or `symbol` is split.

    Raises:
        DataError: it is neither.
    """
    if hasattr(tables, "keys") and hasattr(tables, "items") and not hasattr(tables, "columns"):
        return tables  # type: ignore[return-value]  # a mapping
    frame = _as_pandas(what, tables)
    name = next((column for column in MARKETS if column in frame.columns), None)
    if name is None:
        raise DataError(f"{what} are one table without a column 'market'; give a dictionary such as {{'BTC': frame}}")
    return {str(market): rows.drop(columns=name) for market, rows in frame.groupby(name, sort=False)}


def _as_pandas(what: str, table: object) -> pd.DataFrame:
    import pandas as pd

    if isinstance(table, pd.Series):
        return table.to_frame(table.name if table.name is not None else "value")
    if isinstance(table, pd.DataFrame):
        return table
    from cqs_core.files.frame import arrow_of

    try:
        frame: pd.DataFrame = arrow_of(table).to_pandas()
    except UsageError:
        given = type(table).__name__
        raise DataError(f"{what} are of type {given}; give a frame of pandas or polars, or an Arrow table") from None
    return frame


def _time_column(what: str, frame: pd.DataFrame) -> Any:
    import pandas as pd

    named = [name for name in TIMES if name in frame.columns]
    temporal = [name for name in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[name].dtype)]
    found = named or temporal
    if not named and len(temporal) != 1:
        text = ", ".join(map(str, frame.columns)) or "no columns"
        raise DataError(f"{what} are not indexed by time ({text}); set a DatetimeIndex in UTC, or name a column 'ts'")
    return found[0]
