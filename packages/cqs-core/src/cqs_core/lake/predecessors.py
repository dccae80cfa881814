"""Candles that another program left in `data/processed`: kept in `data/foreign`, so that publishing never loses them.

A file without our metadata is not ours. Before its place is taken, it is copied; what is published then has the lake's
candles, and those of the copy wherever the lake has none.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.errors import CqsError
from cqs_core.files.arrow import stream_of
from cqs_core.lake.published_files import read_rows
from cqs_core.lake.series_table import candle_table, empty_table, stamps
from cqs_core.time import intervals
from cqs_core.trading.candles import FIELDS

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket

FOLDER, KEPT = "data/processed", "data/foreign"
OURS = b"cqs.series"


class Predecessor(NamedTuple):
    """Candles of files that other programs wrote.

    Attributes:
        table: ts, open, high, low, close, volume; ascending, each stamp once.
        doubled: rows of a stamp that was there already; the last one counts.
    """

    table: pa.Table
    doubled: int


def predecessor(bucket: Bucket, name: str, interval: str) -> Predecessor:
    """Copies of what other programs had under a name, `BTC_1d.parquet`; empty if there are none.

    Raises:
        CqsError: the file cannot be read.
    """
    found = [rows for data in _foreign(bucket, name) if len(rows := read_rows(name, data))]
    if not found:
        return Predecessor(empty_table(), 0)
    rows = np.concatenate(found)
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[intervals.on_grid(interval, rows[:, 0].astype(np.int64))]
    _, from_end = np.unique(rows[::-1, 0], return_index=True)
    last = len(rows) - 1 - from_end
    return Predecessor(candle_table(rows[last, 0].astype(np.int64), rows[last, 1:]), len(rows) - len(last))


def keep(bucket: Bucket, name: str) -> None:
    """Copy a file of another program before its place is taken."""
    with contextlib.suppress(FileNotFoundError):
        data = bucket.read(f"{FOLDER}/{name}")
        if not _is_ours(data):
            bucket.write(f"{KEPT}/{name}", data)


def merged(table: pa.Table, before: pa.Table) -> tuple[pa.Table, int, int]:
    """The lake's candles, a predecessor's where it has none; how many those are; how many others differ."""
    both, ours, theirs = np.intersect1d(stamps(table), stamps(before), return_indices=True)
    mine, other = table.take(ours), before.take(theirs)
    columns = [(mine.column(name).to_numpy(), other.column(name).to_numpy()) for name in FIELDS]
    differ = int(np.logical_or.reduce([~np.isclose(a, b, rtol=1e-9, atol=0) for a, b in columns]).sum())
    rest = before.filter(~np.isin(stamps(before), both))
    return pa.concat_tables([table, rest]).sort_by("ts").combine_chunks(), len(rest), differ


def _foreign(bucket: Bucket, name: str) -> list[bytes]:
    """The copy that was kept, then the file itself if it is not ours: the later one counts where both have a candle."""
    found = []
    for key in (f"{KEPT}/{name}", f"{FOLDER}/{name}"):
        with contextlib.suppress(FileNotFoundError):
            data = bucket.read(key)
            found += [] if _is_ours(data) else [data]
    return found


def _is_ours(data: bytes) -> bool:
    try:
        return OURS in (pq.read_schema(stream_of(data)).metadata or {})
    except (pa.ArrowException, OSError) as error:
        raise CqsError(f"a file in {FOLDER!r} is not parquet ({error}); move it away") from None
