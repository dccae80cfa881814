"""Rows of a series: list, open; an object gone missing in between means listing again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from cqs_core.errors import DataError
from cqs_core.lake.catalog import plan
from cqs_core.lake.table import SCHEMA, empty_table, newest, read_file, stamps

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.lake.names import LakeObject, Series

_T = TypeVar("_T")
_TRIES = 20


def retrying(series: Series | str, attempt: Callable[[], _T]) -> _T:
    """`attempt()` until no object vanished under it: compaction replaces objects while others read.

    Raises:
        DataError: objects kept vanishing.
    """
    for n in range(_TRIES):
        try:
            return attempt()
        except FileNotFoundError:
            time.sleep(0.01 * n)
    raise DataError(f"objects of {series} vanish while they are read; is something deleting the bucket?")


def read_objects(bucket: Bucket, objects: Sequence[LakeObject], start: int | None, end: int | None) -> pa.Table:
    """Candles of `[start, end)`, ascending, one row a stamp; columns ts, open, high, low, close, volume."""
    how = plan(objects, start, end)
    chosen = [*how.plain, *(o for group in how.groups for o in group)]
    if not chosen:
        return empty_table()
    path = dict(zip((o.key for o in chosen), bucket.paths([o.key for o in chosen]), strict=True))
    parts = [(o.first, read_file(path[o.key], SCHEMA.names)) for o in how.plain]
    for group in how.groups:
        both = pa.concat_tables([read_file(path[o.key]).cast(_stored()) for o in group])
        parts.append((group[0].first, newest(both).select(SCHEMA.names)))
    parts.sort(key=lambda pair: pair[0])
    return _cut(pa.concat_tables([table.cast(SCHEMA) for _, table in parts]), start, end)


def _stored() -> pa.Schema:
    from cqs_core.lake.table import STORED

    return STORED


def _cut(table: pa.Table, start: int | None, end: int | None) -> pa.Table:
    if start is None and end is None:
        return table
    ts = stamps(table)
    low = 0 if start is None else int(np.searchsorted(ts, start))
    high = len(ts) if end is None else int(np.searchsorted(ts, end))
    return table.slice(low, high - low)
