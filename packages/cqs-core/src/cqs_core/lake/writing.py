"""New rows into the lake: cut at periods, stamped, encoded, put; nothing that exists is touched."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import DataError
from cqs_core.lake.checking import metadata
from cqs_core.lake.format import mark
from cqs_core.lake.object_names import SOURCES, LakeObject, Series, object_name
from cqs_core.lake.receipts import receipt_of
from cqs_core.lake.series_table import encode, stamps, with_seq
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE, length
from cqs_core.trading.markets import refuse_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from cqs_core.bucket import Bucket
    from cqs_core.trading.candles import Stamps

_lock = threading.Lock()
_last_seq = 0


def next_seq(seen: int = 0) -> int:
    """A stamp newer than every other of this process, and than `seen`; ms UTC where the clock allows."""
    global _last_seq  # noqa: PLW0603 - one counter a process is the point
    with _lock:
        _last_seq = max(clock.now(), _last_seq + 1, seen + 1)
        return _last_seq


def append(
    bucket: Bucket,
    series: Series,
    table: pa.Table,
    start: int,
    end: int,
    source: str,
    seen: int = 0,
    seq: int | None = None,
) -> list[LakeObject]:
    """Store the answer about `[start, end)`: one object a period, one for each run of periods without rows."""
    _check(series, table, start, end, source)
    if not seen:  # the series is new, and the lake may be
        mark(bucket)
    seq = next_seq(seen) if seq is None else seq
    ts = stamps(table)
    written = []
    for low, high in _cuts(series.interval, start, end, ts):
        a, b = np.searchsorted(ts, [low, high])
        written.append(put(bucket, series, with_seq(table.slice(a, b - a), seq), low, high, seq, source))
    return written


def _cuts(interval: str, start: int, end: int, ts: Stamps) -> Iterator[tuple[int, int]]:
    """Periods, those without rows joined: years before a market's first candle are one answer, not a hundred."""
    empty: tuple[int, int] | None = None
    for low, high in periods(interval, start, end):
        a, b = np.searchsorted(ts, [low, high])
        if a == b:
            empty = (empty[0] if empty else low), high
            continue
        if empty:
            yield empty
        empty = None
        yield low, high
    if empty:
        yield empty


def put(bucket: Bucket, series: Series, stored: pa.Table, start: int, end: int, seq: int, source: str) -> LakeObject:
    """One object, with its seq column; then its receipt, so that a kill in between leaves no receipt of nothing."""
    ts = stamps(stored)
    first, last = (int(ts[0]), int(ts[-1])) if len(ts) else (start, start)
    item = LakeObject("", 0, start, end, first, last, len(ts), seq, source, "")
    data, digest = encode(stored, metadata(series, item))
    item = item._replace(size=len(data), hash=digest)
    key = f"{series.folder}/{object_name(item)}"
    bucket.write(key, data)
    bucket.write(receipt_of(key), b"")
    return item._replace(key=key)


def periods(interval: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` cut where objects are cut: at months for 1m, at years up to 4h, nowhere above."""
    at = start
    while at < end:
        stop = min(end, _period_end(interval, at))
        yield at, stop
        at = stop


def period_of(interval: str, ts: int) -> int:
    """End of the period that a moment is in, ms UTC: objects of one period may become one."""
    return _period_end(interval, ts)


def _period_end(interval: str, ts: int) -> int:
    if length(interval) >= DAY:
        return 1 << 62
    at = dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=ts)  # noqa: DTZ001 - UTC by construction
    months = at.year * 12 + at.month if length(interval) == MINUTE else (at.year + 1) * 12
    return (dt.date(months // 12, months % 12 + 1, 1).toordinal() - dt.date(1970, 1, 1).toordinal()) * DAY


def _check(series: Series, table: pa.Table, start: int, end: int, source: str) -> None:
    refuse_prefix(series.market, series.interval)
    ts = stamps(table)
    if source not in SOURCES:
        raise DataError(f"source {source!r} is unknown; it is one of {', '.join(SOURCES)}")
    if start >= end or start % 1000 or end % 1000:
        raise DataError(f"range [{start}, {end}) of {series} is empty or not in whole seconds")
    if len(ts) and (ts[0] < start or ts[-1] >= end or (np.diff(ts) <= 0).any()):
        raise DataError(f"rows of {series} are unsorted, doubled or outside the range that was asked")
