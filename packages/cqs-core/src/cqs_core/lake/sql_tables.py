"""Tables that SQL sees in addition to `candles`: registered by packages, or frames passed by the caller."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cqs_core.errors import CqsError, DataError, UsageError
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import fact_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from cqs_core.bucket import Bucket
    from cqs_core.host.sql_table import SqlTable

_ABOUT = re.compile(r"\s*(show|desc|describe)\b", re.IGNORECASE)
_CATALOG = re.compile(r"\b(information_schema|duckdb_\w+|sqlite_master|pg_catalog)\b", re.IGNORECASE)


def tables_of(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Arrow tables by name, and the parameters that are values.

    A registered table is read only if the query names it; where the query is about tables, all are there without rows.

    Raises:
        UsageError: a frame has the name of a table.
        DataError: a package could not give its table.
    """
    frames = {name: value for name, value in parameters.items() if isinstance(value, pa.Table)}
    values = {name: value for name, value in parameters.items() if name not in frames}
    known = plugins().tables()
    for name in frames:
        if name == "candles" or name in known:
            raise UsageError(f"{name!r} is a table of the lake; give your frame another name")
    return dict(_registered(bucket, query, known)) | frames, values


def with_arrow(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, frames among them as Arrow: some can be read only once."""
    return {name: _arrow_or_value(value) for name, value in parameters.items()}


def _arrow_or_value(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | bytes | list | tuple):
        return value
    from cqs_core.files.frame import arrow_of, is_table

    return arrow_of(value) if is_table(value) else value


def _registered(bucket: Bucket, query: str, known: Mapping[str, SqlTable]) -> Iterator[tuple[str, pa.Table]]:
    about, catalog = _ABOUT.match(query), _CATALOG.search(query)
    for name, table in known.items():
        named = re.search(rf"\b{name}\b", query, re.IGNORECASE)
        if named and not about:
            yield name, _conform(table, _read(bucket, table))
        elif about or catalog:
            yield name, _conform(table, None)


def _read(bucket: Bucket, table: SqlTable) -> pa.Table:
    try:
        return table.read(bucket)
    except CqsError:
        raise
    except Exception as error:  # a plugin may fail in any way
        owner = plugins().owner("register_tables", table.name)
        raise DataError(f"table {table.name!r} of plugin {owner!r} failed: {fact_of(error)}") from error


def _conform(table: SqlTable, rows: pa.Table | None) -> pa.Table:
    """The rows in the declared columns and types."""
    import duckdb

    with contextlib.closing(duckdb.connect()) as connection:
        connection.execute("set timezone = 'UTC'")
        kinds = table.columns.items()
        if rows is None:
            empty = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in kinds)
            return _arrow(connection.sql(f"select {empty} where false"))
        connection.register("given", rows)
        columns = ", ".join(f"{quoted(name)}::{kind} as {quoted(name)}" for name, kind in kinds)
        try:
            return _arrow(connection.sql(f"select {columns} from given"))  # noqa: S608 - as above
        except duckdb.Error as error:
            fact = " ".join(str(error).split())
            raise DataError(f"table {table.name!r} has not the columns that it declares ({fact})") from None


def _arrow(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    found: pa.Table = relation.to_arrow_table()
    return found


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
