"""A query in a process of its own, with limits: what a dashboard runs for its users.

DuckDB's own limit of memory does not count texts (one `repeat` may take gigabytes), and some steps cannot be
interrupted. A process can be limited by the system, and ended at any moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cqs_core import errors
from cqs_core.errors import CqsError, DataError, UsageError
from cqs_core.isolation import fact_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedWriter

    import pyarrow as pa

    from cqs_core.bucket import Bucket

_BATCH = 1_000  # rows
_LIBRARIES = 2 << 30  # bytes of address space that Python, Arrow and DuckDB take besides data
_AT_ONCE = threading.BoundedSemaphore(2)  # queries of this process; more would wait for each other anyway


@dataclass(frozen=True)
class QueryLimits:
    """What one query may take.

    Attributes:
        seconds: until it is ended.
        rows: of the answer; more are left out.
        answer: bytes of the answer; what is over is left out.
        memory: bytes for its work.
    """

    seconds: float = 30.0
    rows: int = 10_000
    answer: int = 32 << 20
    memory: int = 1 << 30


@dataclass(frozen=True)
class Answer:
    """The rows of a query.

    Attributes:
        table: in the query's order.
        whole: whether no row was left out.
        seconds: that it took.
    """

    table: pa.Table
    whole: bool
    seconds: float


class QueryProcess:
    """One query under way; it starts at once, in a thread that waits for it.

    Args:
        bucket: URL of the bucket whose lake is asked.
        query: one SELECT, as for `Lake.sql`.
        limits: what it may take.
    """

    def __init__(self, bucket: str, query: str, limits: QueryLimits | None = None) -> None:
        self._request = {"bucket": bucket, "query": query}
        self._limits = limits or QueryLimits()
        self._canceled = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._found: Answer | Exception | None = None
        self._thread = threading.Thread(target=self._work, name="cqs-query", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether there is a result."""
        return self._found is not None

    def cancel(self) -> None:
        """End it now."""
        self._canceled.set()
        if (process := self._process) is not None:
            process.kill()

    def result(self) -> Answer:
        """The answer; waits for it.

        Raises:
            UsageError: it is not one SELECT, DuckDB refused it, it took too much, or it was canceled.
            DataError: an object is damaged, or a table could not be read.
            BucketError: the bucket cannot be read.
        """
        self._thread.join()
        if isinstance(self._found, Answer):
            return self._found
        raise self._found or DataError("the query ended without an answer")

    def _work(self) -> None:
        began = time.monotonic()
        try:
            with _AT_ONCE:
                self._found = self._ask(began)
        except Exception as error:  # noqa: BLE001 - raised again where the result is asked for
            self._found = error

    def _ask(self, began: float) -> Answer:
        # -P: nothing in the working folder is imported in place of a module
        command = [sys.executable, "-P", "-m", __name__]
        request = json.dumps({**self._request, "limits": asdict(self._limits)}).encode()
        with subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            self._process = process
            if self._canceled.is_set():
                process.kill()
            try:
                said, _ = process.communicate(request, self._limits.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise UsageError(self._late()) from None
        if self._canceled.is_set():
            raise UsageError("the query was canceled")
        return _read(said, process.returncode, self._limits, time.monotonic() - began)

    def _late(self) -> str:
        return f"the query took longer than {self._limits.seconds:g} s, and was ended; narrow it, or use `cqs sql`"


def _read(said: bytes, code: int, limits: QueryLimits, seconds: float) -> Answer:
    """What the process answered; one that was ended by the system had taken too much memory."""
    head, _, rows = said.partition(b"\n")
    if not head:
        raise UsageError(f"{_too_much(limits)} (its process ended with code {code})")
    about: Mapping[str, Any] = json.loads(head)
    if "error" in about:
        kind = getattr(errors, str(about["kind"]), UsageError)
        raise (kind if issubclass(kind, CqsError) else UsageError)(about["error"])
    import pyarrow as pa

    return Answer(pa.ipc.open_stream(rows).read_all(), bool(about["whole"]), seconds)


def _too_much(limits: QueryLimits) -> str:
    return f"the query wants more than {limits.memory >> 20:,} MB of memory; narrow it, or use `cqs sql`"


def _answer(asked: Mapping[str, Any], out: BufferedWriter) -> None:
    """Run the query in this process; a line of JSON, then the rows as a stream of Arrow."""
    import pyarrow as pa

    from cqs_core.bucket import Bucket

    limits = QueryLimits(**asked["limits"])
    _restrict(limits)
    try:
        table, whole = first_rows(Bucket(asked["bucket"]), str(asked["query"]), limits)
    except Exception as error:  # noqa: BLE001 - of a plugin's table, or of a library
        _say(out, **_told(error, limits))
    else:
        _say(out, whole=whole)
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)


def _told(error: Exception, limits: QueryLimits) -> dict[str, str]:
    """The message and the kind of the error to raise for one of this process."""
    fact = fact_of(error)
    if isinstance(error, MemoryError) or "Out of Memory" in fact:
        return {"error": _too_much(limits), "kind": "UsageError"}
    if isinstance(error, CqsError):
        return {"error": str(error), "kind": type(error).__name__}
    return {"error": f"the query failed: {fact}", "kind": "DataError"}


def _say(out: BufferedWriter, **about: object) -> None:
    out.write(json.dumps(about).encode() + b"\n")


def first_rows(bucket: Bucket, query: str, limits: QueryLimits) -> tuple[pa.Table, bool]:
    """As many rows as may be, and whether these are all; in this process.

    Raises:
        UsageError: as `QueryProcess.result`.
    """
    import duckdb

    from cqs_core.lake.query import confined
    from cqs_core.lake.query_errors import query_error
    from cqs_core.lake.retrying import retrying

    def work() -> tuple[pa.Table, bool]:
        connection, paths = duckdb.connect(), list[str]()
        for setting in (f"memory_limit = '{limits.memory >> 20}MB'", "threads = 2", "errors_as_json = true"):
            connection.execute(f"set {setting}")
        try:
            relation = confined(connection, bucket, query, {}, paths, spills=False).limit(limits.rows + 1)
            return _collected(relation.to_arrow_reader(_BATCH), limits)
        except duckdb.Error as error:
            raise query_error(query, error, paths) from None

    found: tuple[pa.Table, bool] = retrying("the lake", work)
    return found


def _collected(reader: pa.RecordBatchReader, limits: QueryLimits) -> tuple[pa.Table, bool]:
    import pyarrow as pa

    batches, rows, size = list[pa.RecordBatch](), 0, 0
    for batch in reader:
        rows, size = rows + len(batch), size + batch.nbytes
        if size > limits.answer:
            break
        batches.append(batch)
        if rows > limits.rows:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    return table.slice(0, limits.rows), len(table) == rows <= limits.rows


def _restrict(limits: QueryLimits) -> None:
    """What the system itself does not let this process exceed; other systems than Linux have DuckDB's limit alone."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        space, cpu = limits.memory + _LIBRARIES, int(limits.seconds * 4) + 1
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))  # also if the dashboard is killed meanwhile
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> None:
    """Answer one request; what plugins print does not come between."""
    with os.fdopen(os.dup(1), "wb") as out:
        with contextlib.closing(os.fdopen(os.open(os.devnull, os.O_WRONLY), "wb")) as nothing:
            os.dup2(nothing.fileno(), 1)
        _answer(json.loads(sys.stdin.buffer.read()), out)


if __name__ == "__main__":
    _main()
