"""Read-only SQL over the lake, by DuckDB on local paths."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from cqs_core.errors import DataError, UsageError
from cqs_core.lake.catalog import objects_by_series, plan
from cqs_core.lake.retrying import retrying
from cqs_core.settings import cache_folder

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core.bucket import Bucket

_COLUMNS = "ts, open, high, low, close, volume"
_NEWEST = (
    "qualify row_number() over (partition by ts order by seq desc, open desc, high desc, low desc, close desc, "
    "volume desc) = 1"
)
_EMPTY = (
    "select ''::varchar exchange, ''::varchar market, ''::varchar \"interval\", "
    "null::timestamptz ts, 0::double open, 0::double high, 0::double low, 0::double close, 0::double volume where false"
)


def run(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> pa.Table:
    """The query's rows as an Arrow table.

    Raises:
        UsageError: it is not one SELECT, DuckDB does not understand it, or it wants more than the lake.
        DataError: an object is damaged.
    """
    return retrying("the lake", lambda: _run(bucket, query, parameters))


def relation(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyRelation:
    """The query as a relation, not yet run; it keeps its connection, which can do no more than `run`'s.

    Raises:
        UsageError: it is not one SELECT, or DuckDB does not understand it.
    """
    return retrying("the lake", lambda: _relation(duckdb.connect(), bucket, query, parameters, []))


def _run(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> pa.Table:
    paths: list[str] = []
    with contextlib.closing(duckdb.connect()) as connection:
        try:
            found: pa.Table = _relation(connection, bucket, query, parameters, paths).to_arrow_table()
        except duckdb.Error as error:
            raise _told(" ".join(str(error).split()), paths) from None
        except RuntimeError as error:  # DuckDB's answer to Ctrl-C
            raise (KeyboardInterrupt if "interrupted" in str(error) else error) from None
        return found


def _relation(
    connection: duckdb.DuckDBPyConnection, bucket: Bucket, query: str, parameters: Mapping[str, Any], paths: list[str]
) -> duckdb.DuckDBPyRelation:
    """The query on the view `candles`, and on nothing else; the files behind it are added to `paths`."""
    try:
        _check_select(connection, query)
        sql = " union all ".join(_candles_sql(bucket, paths)) or _EMPTY
        _confine(connection, paths)
        connection.execute(f"create view candles as {sql}")
        connection.execute("set lock_configuration = true")
        return connection.sql(query, params=dict(parameters) or None)
    except duckdb.Error as error:
        raise _told(" ".join(str(error).split()), paths) from None


def _confine(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    """The query may read these files, and nothing else: no other file, no network, no variable of this process."""
    spill = cache_folder() / "duckdb" / uuid.uuid4().hex
    for setting, value in {
        "timezone": "'UTC'",
        "temp_directory": _text(str(spill)),
        "python_enable_replacements": "false",
        "allowed_paths": f"[{', '.join(map(_text, paths))}]",
        "enable_external_access": "false",
    }.items():
        connection.execute(f"set {setting} = {value}")


def _told(fact: str, paths: Sequence[str]) -> Exception:
    said = fact.partition(" LINE 1:")[0]  # what follows quotes the query, and that may name a file
    ours = next((path for path in paths if path in said), None)
    if ours is None:
        return UsageError(f"DuckDB refused the query: {fact}")
    if not Path(ours).exists():
        return FileNotFoundError(ours)
    return DataError(f"{ours!r} is damaged ({said}); run `cqs data verify`")


def _candles_sql(bucket: Bucket, paths: list[str]) -> Iterator[str]:
    """SELECTs of all candles, each row once; the files that they read are added to `paths`."""
    found = objects_by_series(bucket)
    for series in sorted(found):
        names = ", ".join(_text(v) + f' as "{k}"' for k, v in series._asdict().items())
        how = plan(found[series])
        for objects, rows in ((how.plain, ""), *((group, _NEWEST) for group in how.groups)):
            if objects:
                files = bucket.paths([o.key for o in objects])
                paths += files
                scan = f"read_parquet([{', '.join(map(_text, files))}], hive_partitioning = false)"
                yield f"select {names}, {_COLUMNS} from (select * from {scan} {rows})"  # noqa: S608 - escaped


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _check_select(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("only one SELECT is allowed; the lake is read-only here")
