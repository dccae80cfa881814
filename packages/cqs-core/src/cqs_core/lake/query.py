"""Read-only SQL over the lake, by DuckDB on local paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from cqs_core.errors import UsageError
from cqs_core.lake.catalog import objects_by_series, plan
from cqs_core.lake.names import LakeObject, Series

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core.bucket import Bucket

_COLUMNS = "ts, open, high, low, close, volume"
_EMPTY = (
    "select ''::varchar exchange, ''::varchar market, ''::varchar \"interval\", "
    "null::timestamptz ts, 0.0 open, 0.0 high, 0.0 low, 0.0 close, 0.0 volume where false"
)


def run(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> pa.Table:
    """The query's rows as an Arrow table."""
    connection = duckdb.connect()
    try:
        _check_select(connection, query)
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create view candles as {candles_sql(bucket)}")
        connection.execute("set lock_configuration = true")
        found: pa.Table = connection.sql(query, params=dict(parameters) or None).to_arrow_table()
        return found
    except duckdb.Error as error:
        raise UsageError(f"DuckDB refused the query: {' '.join(str(error).split())}") from None
    finally:
        connection.close()


def candles_sql(bucket: Bucket) -> str:
    """SELECT of all candles of the bucket, each row once."""
    found = objects_by_series(bucket)
    parts = [part for series in sorted(found) for part in _series_sql(bucket, series, found[series])]
    return " union all ".join(parts) or _EMPTY


def _series_sql(bucket: Bucket, series: Series, objects: Sequence[LakeObject]) -> Iterator[str]:
    names = ", ".join(_text(v) + f' as "{k}"' for k, v in series._asdict().items())
    how = plan(objects)
    if how.plain:
        yield f"select {names}, {_COLUMNS} from {_scan(bucket, how.plain)}"
    for group in how.groups:
        newest = "qualify row_number() over (partition by ts order by seq desc) = 1"
        yield f"select {names}, {_COLUMNS} from (select * from {_scan(bucket, group)} {newest})"


def _scan(bucket: Bucket, objects: Sequence[LakeObject]) -> str:
    paths = ", ".join(_text(path) for path in bucket.paths([o.key for o in objects]))
    return f"read_parquet([{paths}], hive_partitioning = false)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _check_select(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("only one SELECT is allowed; the lake is read-only here")
