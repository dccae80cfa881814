"""Proof that a lake is whole: every object against its name, overlaps against each other, and one hash a series."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.bucket.cache import digest
from cqs_core.candles import FIELDS
from cqs_core.errors import BucketError
from cqs_core.lake.catalog import plan
from cqs_core.lake.table import SCHEMA, STORED, empty_table, newest, stamps

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.lake.names import LakeObject, Series

_AT_ONCE = 8


@dataclass(frozen=True)
class Verified:
    """One series.

    Attributes:
        series: which.
        rows: candles on read.
        sha256: of all values by time; changes when and only when a value does, whatever the objects. None where
            an object cannot be read.
        problems: what is wrong, one line each; gaps and flagged jumps are nothing wrong.
    """

    series: Series
    rows: int
    sha256: str | None
    problems: Sequence[str]


def verify(bucket: Bucket, series: Series, objects: Sequence[LakeObject]) -> Verified:
    """Read every byte of a series and hold it against the names."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        checked = list(pool.map(lambda item: _check(bucket, item), objects))
    problems = [
        f"{item.key.rpartition('/')[2]}: {said}" for item, (_, said) in zip(objects, checked, strict=True) if said
    ]
    tables = {item.key: table for item, (table, _) in zip(objects, checked, strict=True) if table is not None}
    if len(tables) < len(objects):
        return Verified(series, sum(len(t) for t in tables.values()), None, problems)
    how = plan(objects)
    parts = [(item.first, tables[item.key]) for item in how.plain]
    for group in how.groups:
        both = pa.concat_tables([tables[item.key] for item in group])
        problems += _conflicts(both)
        parts.append((group[0].first, newest(both)))
    parts.sort(key=lambda part: part[0])
    whole = pa.concat_tables([table.select(SCHEMA.names) for _, table in parts]) if parts else empty_table()
    return Verified(series, len(whole), content_hash(whole), problems)


def content_hash(table: pa.Table) -> str:
    """sha256 of ts and values, column by column, as little-endian 64-bit numbers."""
    total = hashlib.sha256(stamps(table).astype("<i8").tobytes())
    for name in FIELDS:
        total.update(table.column(name).to_numpy().astype("<f8").tobytes())
    return total.hexdigest()


def _check(bucket: Bucket, item: LakeObject) -> tuple[pa.Table | None, str]:
    """The object's table, and what is wrong with it."""
    try:
        data = bucket.read(item.key)
    except FileNotFoundError:
        return None, "is missing; it was there when the bucket was listed"
    except BucketError as error:
        return None, f"cannot be read ({error})"
    if digest(data) != item.hash:
        return (
            None,
            "is damaged: its bytes are not those that its name was made of; delete it and run `cqs data repair`",
        )
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        return None, f"is no parquet file ({' '.join(str(error).split())})"
    return table, _against_name(table, item)


def _against_name(table: pa.Table, item: LakeObject) -> str:
    if table.schema.remove_metadata() != STORED:
        return f"has the wrong schema: {', '.join(f'{f.name} {f.type}' for f in table.schema)}"
    ts = stamps(table)
    if len(ts) != item.rows or (len(ts) and (ts[0] != item.first or ts[-1] != item.last)):
        return "does not hold the rows that its name says"
    if len(ts) and ((np.diff(ts) <= 0).any() or ts[0] < item.start or ts[-1] >= item.end):
        return "holds rows that are unsorted, doubled or outside its range"
    return ""


def _conflicts(both: pa.Table) -> list[str]:
    """Where overlapping objects do not say the same."""
    ts = stamps(both)
    order = np.argsort(ts, kind="stable")
    same = np.diff(ts[order]) == 0
    differ = np.zeros(len(same), bool)
    for name in FIELDS:
        values = both.column(name).to_numpy()[order]
        differ |= values[1:] != values[:-1]
    wrong = same & differ
    if not wrong.any():
        return []
    first = np.datetime64(int(ts[order][1:][wrong][0]), "ms")
    return [f"{int(wrong.sum())} candles differ between overlapping objects, the first at {first}; the newest is read"]
