"""Read-only SQL over the lake, by DuckDB on local paths."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
import uuid
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import duckdb

from cqs_core.bucket.cache import REMEDY
from cqs_core.errors import UsageError
from cqs_core.files.folders import cache_folder
from cqs_core.lake.catalog import contents_by_series, plan
from cqs_core.lake.checking import checked_paths
from cqs_core.lake.query_errors import located, path_pattern, query_error
from cqs_core.lake.receipts import missing_text, require_all
from cqs_core.lake.retrying import retrying
from cqs_core.lake.sql_tables import quoted, tables_of, with_arrow
from cqs_core.lake.touching import touched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import Series
    from cqs_core.lake.receipts import Contents

_log = logging.getLogger("cqs.lake")
_COLUMNS = "ts, open, high, low, close, volume"
_NEWEST = (
    "qualify row_number() over (partition by ts order by seq desc, open desc, high desc, low desc, close desc, "
    "volume desc) = 1"
)
_OTHER_FILES = 1_000  # that this process may have open besides
_GRACE_PERIOD = 0.7  # seconds that an interrupted query has to end
_FALSIFIED = {"BIT", "TIME WITH TIME ZONE", "UHUGEINT", "BIGNUM"}  # types that DuckDB hands to Arrow as something else
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
    given = with_arrow(parameters)
    return retrying("the lake", lambda: _run(bucket, query, given))


def relation(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyRelation:
    """The query as a relation, not yet run; it keeps its connection, which can do no more than `run`'s.

    Raises:
        UsageError: it is not one SELECT, or DuckDB does not understand it.
    """
    given = with_arrow(parameters)
    return retrying("the lake", lambda: confined(duckdb.connect(), bucket, query, given, []))


def texts(table: pa.Table, rows: int = 10_000) -> pa.RecordBatchReader:
    """Every value as DuckDB prints it, in batches of about `rows` rows."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    reader: pa.RecordBatchReader = connection.from_arrow(table).project("columns(*)::varchar").to_arrow_reader(rows)
    return reader


def _run(bucket: Bucket, query: str, parameters: Mapping[str, Any]) -> pa.Table:
    connection, paths = duckdb.connect(), list[str]()
    connection.execute("set errors_as_json = true")  # they say where in the query
    try:
        return _interruptible(
            connection, lambda: confined(connection, bucket, query, parameters, paths).to_arrow_table()
        )
    except duckdb.Error as error:
        raise query_error(query, error, paths) from None
    finally:
        with contextlib.suppress(duckdb.Error):  # busy with what could not be interrupted
            connection.close()


def _interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], pa.Table]) -> pa.Table:
    """Run `work()` in its own thread: DuckDB notices Ctrl-C only between some steps of a query, and some are long.

    After an interrupt the thread has a moment to end; a daemon, it does not keep the process from doing so.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: Future[pa.Table] = Future()
    thread = threading.Thread(target=_settle, args=(done, work), daemon=True)
    thread.start()
    try:
        return done.result()
    except RuntimeError as error:  # DuckDB may be the first to hear of Ctrl-C
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None
    finally:
        until = time.monotonic() + _GRACE_PERIOD
        while not done.done() and time.monotonic() < until:
            connection.interrupt()
            thread.join(0.05)


def _settle(done: Future[pa.Table], work: Callable[[], pa.Table]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
        done.set_exception(error)


def confined(
    connection: duckdb.DuckDBPyConnection,
    bucket: Bucket,
    query: str,
    parameters: Mapping[str, Any],
    paths: list[str],
    *,
    spills: bool = True,
) -> duckdb.DuckDBPyRelation:
    """The query on the view `candles`, other tables and given frames alone.

    Args:
        connection: a new one; it can do nothing else afterwards.
        bucket: whose lake is asked.
        query: one SELECT.
        parameters: as for `run`.
        paths: the files that it reads are added.
        spills: whether what does not fit into memory is kept in files meanwhile.
    """
    try:
        _check_select(connection, query)
        others, values = tables_of(bucket, query, parameters)
        sql = " union all ".join(_candles_sql(bucket, _read_by(bucket, query, values, others), paths)) or _EMPTY
        _confine(connection, paths, spills=spills)
        for name, table in others.items():
            connection.register(name, table)
        _allow_files(len(paths))
        connection.execute(f"create view candles as {sql}")
        connection.execute("set lock_configuration = true")
        with located(connection, query, values):
            return _holdable(connection.sql(query, params=values or None))
    except duckdb.Error as error:
        raise query_error(query, error, paths) from None


def _allow_files(count: int) -> None:
    """DuckDB holds every file of a query open; a process may open 1,024 on most systems, until it asks for more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = count + _OTHER_FILES if hard == resource.RLIM_INFINITY else min(count + _OTHER_FILES, hard)
        if soft not in (resource.RLIM_INFINITY, hard) and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _holdable(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation with a unique name for each column (`ts`, `ts_1`); types that Arrow would change become text."""
    names = _unique(relation.columns)
    odd = [str(kind) in _FALSIFIED for kind in relation.types]
    if names == relation.columns and not any(odd):
        return relation
    casts = ("::varchar" if text else "" for text in odd)
    columns = (f"#{n}{cast} as {quoted(name)}" for n, (name, cast) in enumerate(zip(names, casts, strict=True), 1))
    return relation.project(", ".join(columns))


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        others = {*found, *names}
        free = (f"{name}_{n}" for n in itertools.count(1))
        found.append(next(other for other in free if other not in others) if name in found else name)
    return found


def _confine(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], *, spills: bool = True) -> None:
    """The query may read these files, and nothing else: no other file, no network, no variable of this process."""
    for setting, value in {
        "timezone": "'UTC'",
        "temp_directory": _text(_spill_folder() if spills else ""),
        "python_enable_replacements": "false",
        "allowed_paths": f"[{', '.join(map(_text, {*paths, *map(path_pattern, paths)}))}]",  # DuckDB asks for both
        "enable_external_access": "false",
    }.items():
        connection.execute(f"set {setting} = {value}")


def _spill_folder() -> str:
    """A new name for DuckDB, which makes that folder when it needs it, and then not the folders above."""
    parent = cache_folder() / "duckdb"
    with contextlib.suppress(OSError):  # a query that fits into memory needs none
        parent.mkdir(parents=True, exist_ok=True)
    return str(parent / uuid.uuid4().hex)


def _read_by(
    bucket: Bucket, query: str, parameters: Mapping[str, Any], others: Mapping[str, pa.Table]
) -> dict[Series, Contents]:
    """The series that the query reads; of a lake that is known to be sound, all.

    Raises:
        Missing: an object of a series is missing.
    """
    found = contents_by_series(bucket)
    if not found or _sound(bucket, found):
        return found
    with contextlib.closing(duckdb.connect()) as connection:
        _confine(connection, (), spills=False)
        for name, table in others.items():
            connection.register(name, table)
        read = touched(connection, query, parameters, {series: _named(series) for series in found})
    for series in read:
        require_all(found[series].missing)
    _warn(bucket, {series: found[series] for series in found.keys() - set(read)})
    return {series: found[series] for series in read}


def _sound(bucket: Bucket, found: Mapping[Series, Contents]) -> bool:
    """Whether nothing need be checked."""
    keys = [o.key for each in found.values() for o in each.objects]
    return not any(each.missing for each in found.values()) and bucket.proven(keys)


def _warn(bucket: Bucket, others: Mapping[Series, Contents]) -> None:
    """Warn of damaged series that the query does not read."""
    for series, each in sorted(others.items()):
        bad = bucket.damaged([o.key for o in each.objects])
        faults = [*(f"{key!r} {said}" for key, said in bad.items()), *map(missing_text, each.missing)]
        if faults:
            _log.warning("cqs: %s cannot be read, which this query does not need: %s; %s", series, faults[0], REMEDY)


def _named(series: Series) -> str:
    names = ", ".join(_text(value) + f' as "{key}"' for key, value in series._asdict().items())
    return f"{names}, {_COLUMNS}"


def _candles_sql(bucket: Bucket, found: Mapping[Series, Contents], paths: list[str]) -> Iterator[str]:
    """SELECTs of all candles, each row once; the files that they read are added to `paths`."""
    for series in sorted(found):
        how = plan(found[series].objects)
        for objects, rows in ((how.plain, ""), *((group, _NEWEST) for group in how.groups)):
            if objects:
                files = checked_paths(bucket, objects)
                paths += files
                named = ", ".join(_text(path_pattern(file)) for file in files)
                scan = f"read_parquet([{named}], hive_partitioning = false)"
                yield f"select {_named(series)} from (select * from {scan} {rows})"  # noqa: S608 - escaped


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _check_select(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    if not isinstance(query, str):
        raise UsageError(f"{query!r} is not a query; write SQL as text, such as 'from candles'")
    if not query.isascii() and query != query.encode("utf-8", "replace").decode():
        raise UsageError("the query is not valid UTF-8; write it in UTF-8")
    statements = connection.extract_statements(query)
    if len(statements) != 1 or not _reads(connection, query, statements[0].type):
        raise UsageError("only one SELECT is allowed (or PIVOT, DESCRIBE, SHOW); the lake is read-only here")


def _reads(connection: duckdb.DuckDBPyConnection, query: str, kind: duckdb.StatementType) -> bool:
    """Whether a statement is a query: PIVOT is several statements to DuckDB, but like any query it fits in brackets."""
    if kind != duckdb.StatementType.MULTI:
        return kind == duckdb.StatementType.SELECT
    ends = [len(query), query.rfind(";")]  # of a statement before its semicolon, comments may follow
    return any(_in_brackets(connection, query[:end]) for end in ends if end >= 0)


def _in_brackets(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    with contextlib.suppress(duckdb.Error):
        return len(connection.extract_statements(f"select * from ({query}\n)")) == 1  # noqa: S608 - parsed, not run
    return False
