"""What DuckDB says about a query, as one of our errors: one line, with the place in the query."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from cqs_core.bucket.cache import REMEDY
from cqs_core.errors import BucketError, DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_EXPLAIN = "explain "


@contextlib.contextmanager
def located(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Errors of a relation that is made inside say where in the query they are.

    DuckDB forgets that for relations, and knows it for statements. An `explain` runs nothing.
    """
    try:
        yield
    except duckdb.Error as error:
        raise _explained(connection, query, parameters, error) from None


def _explained(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any], error: duckdb.Error
) -> duckdb.Error:
    """The same error with its place, or as it was."""
    if "position" in _parts(error):
        return error
    try:
        connection.execute(f"{_EXPLAIN}{query}", dict(parameters) or None)
    except duckdb.Error as again:
        said = _parts(again)
        if "position" in said and said["message"].splitlines()[:1] == _parts(error)["message"].splitlines()[:1]:
            place = int(said["position"]) - len(_EXPLAIN)
            about = {"exception_message": said["message"], "position": str(max(0, place))}
            return type(again)(f"{said['kind']}: {json.dumps(about)}")
    return error


def _parts(error: duckdb.Error) -> dict[str, Any]:
    """`kind`, `message`, and `position` where it is known: in bytes from the query's begin."""
    text = str(error)
    kind, _, rest = text.partition(": ")
    with contextlib.suppress(ValueError, KeyError, TypeError):
        said = json.loads(rest)
        place = {"position": said["position"]} if str(said.get("position", "")).isdigit() else {}
        return {"kind": kind, "message": str(said["exception_message"]), **place}
    return {"kind": kind, "message": rest.partition("\n\nLINE ")[0]}


def query_error(query: str, error: duckdb.Error, paths: Sequence[str]) -> Exception:
    """The error to raise.

    Args:
        query: as the user wrote it.
        error: DuckDB's.
        paths: of the files that the query reads.
    """
    parts = _parts(error)
    fact = " ".join(f"{parts['kind']}: {parts['message']}".split())
    ours = next((path for path in paths if path in fact or path_pattern(path) in fact), None)
    if ours is None:
        return UsageError(f"DuckDB refused the query{_place(query, parts)}: {fact}")
    if not Path(ours).exists():
        return FileNotFoundError(ours)
    if "Too many open files" in fact:
        fact = f"the query reads {len(set(paths)):,} objects at once, more files than this process may open"
        return UsageError(f"{fact}; ask about fewer markets, or raise the limit (`ulimit -n`)")
    if "Cannot open file" in fact:
        return BucketError(f"{ours!r} cannot be opened ({fact.rpartition(': ')[2]}); change that, then ask again")
    return DataError(f"{ours!r} is damaged ({fact}); {REMEDY}")


def _place(query: str, parts: Mapping[str, Any]) -> str:
    """Line and column, from 1 on."""
    if "position" not in parts:
        return ""
    before = query.encode()[: int(parts["position"])].decode(errors="ignore")
    return f" at line {before.count(chr(10)) + 1}, column {len(before) - (before.rfind(chr(10)) + 1) + 1}"


def path_pattern(path: str) -> str:
    """The path as a pattern that fits nothing else: DuckDB takes all paths for patterns."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)
