"""Which series a query reads, found out on tables that hold nothing: objects are checked before DuckDB opens them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

from cqs_core.lake.query_errors import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_core.lake.object_names import Series

_COLUMNS = "ts timestamptz, open double, high double, low double, close double, volume double"


def touched(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, Any],
    selects: Mapping[Series, str],
) -> list[Series]:
    """The series that the query reads, according to DuckDB's plan; all series if the plan does not show it.

    Args:
        connection: a new one, which may read no file.
        query: one SELECT over `candles`.
        parameters: of the query.
        selects: columns of each series' candles, by series.

    Raises:
        duckdb.Error: the query is wrong.
    """
    names = sorted(selects)
    connection.execute("set disabled_optimizers = 'statistics_propagation'")  # else a table of nothing is never read
    connection.execute("; ".join(f"create table series_{n} ({_COLUMNS})" for n in range(len(names))))
    parts = (f"select {selects[series]} from series_{n}" for n, series in enumerate(names))  # noqa: S608 - escaped
    connection.execute(f"create view candles as {' union all '.join(parts)}")
    connection.execute("set errors_as_json = true")
    connection.execute("set lock_configuration = true")
    with located(connection, query, parameters):
        connection.sql(query, params=dict(parameters) or None)  # raises DuckDB's own error for a wrong query
    try:
        rows = connection.execute(f"explain (format json) {query}", dict(parameters) or None).fetchall()
        read = {name for _, plan in rows for step in json.loads(plan) for name in _tables(step)}
    except (duckdb.Error, ValueError, TypeError):
        return names
    return [series for n, series in enumerate(names) if f"series_{n}" in read]


def _tables(step: Mapping[str, Any]) -> Iterator[str]:
    """Last parts of the names of the tables that a plan reads."""
    about = step.get("extra_info")
    if isinstance(about, dict) and isinstance(table := about.get("Table"), str):
        yield table.rpartition(".")[2]
    below: Sequence[Mapping[str, Any]] = step.get("children") or ()
    for one in below:
        yield from _tables(one)
