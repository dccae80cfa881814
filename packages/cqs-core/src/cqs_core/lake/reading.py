"""Candles of a series, from its objects; each stamp once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.lake.absence import refuse_unknown
from cqs_core.lake.catalog import plan
from cqs_core.lake.checking import checked_paths
from cqs_core.lake.receipts import require_all
from cqs_core.lake.retrying import retrying
from cqs_core.lake.series_table import SCHEMA, STORED, empty_table, newest, read_file, stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import LakeObject, Series


def read(
    lake: Lake, series: Series, start: int | None, end: int | None, *, again: bool = False, missing_ok: bool = False
) -> pa.Table:
    """See `Lake.read`; times are ms UTC."""

    def attempt() -> pa.Table:
        found = lake.contents(series)
        if not (missing_ok or found.objects or found.missing):
            refuse_unknown(lake, series)
        require_all(found.missing, start, end)
        return read_objects(lake.bucket, found.objects, start, end, again=again)

    return retrying(series, attempt)


def read_objects(
    bucket: Bucket, objects: Sequence[LakeObject], start: int | None, end: int | None, *, again: bool = False
) -> pa.Table:
    """Candles of `[start, end)`, ascending, one row a stamp; columns ts, open, high, low, close, volume.

    Each object is checked once for each version of its file; with `again`, now.

    Raises:
        FileNotFoundError: an object is gone; list again.
        DataError: one is damaged.
    """
    how = plan(objects, start, end)
    chosen = [*how.plain, *(o for group in how.groups for o in group)]
    if not chosen:
        return empty_table()
    path = dict(zip((o.key for o in chosen), checked_paths(bucket, chosen, again=again), strict=True))
    parts = [(o.first, read_file(path[o.key], SCHEMA.names)) for o in how.plain]
    for group in how.groups:
        both = pa.concat_tables([read_file(path[o.key]).cast(STORED) for o in group])
        parts.append((group[0].first, newest(both).select(SCHEMA.names)))
    parts.sort(key=lambda pair: pair[0])
    return _cut(pa.concat_tables([table.cast(SCHEMA) for _, table in parts]), start, end)


def _cut(table: pa.Table, start: int | None, end: int | None) -> pa.Table:
    if start is None and end is None:
        return table
    ts = stamps(table)
    low = 0 if start is None else int(np.searchsorted(ts, start))
    high = len(ts) if end is None else int(np.searchsorted(ts, end))
    return table.slice(low, high - low)
